package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.app.console.RoutingMap;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.LayerProfile;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.lab.ManyClasses;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class InstanceRoutingMapTest {

  private static final ModelCard CARD = new FakeClassifier().card();

  private final List<RoutingProfile> rows = new ArrayList<>();
  private int asked;
  private long nanos = Long.MAX_VALUE - 1;

  private final InstanceRoutingMap map =
      new InstanceRoutingMap(
          () -> CARD,
          () -> {
            asked++;
            return Optional.of(List.copyOf(rows));
          },
          Optional::empty,
          () -> nanos);

  private static RoutingProfile row(String weightsHash, int index, int experts) {
    LayerProfile layer =
        new LayerProfile(
            1,
            Collections.nCopies(experts, 2L),
            Collections.nCopies(experts, 1L),
            Collections.nCopies(experts, 0.5));
    return new RoutingProfile("m", weightsHash, index, "class " + index, 3L, List.of(layer));
  }

  @Test
  void shouldBeThereOnceAClassOfTheModelHadAnImage() {
    rows.add(row("another model", 0, 2));
    rows.add(row(CARD.weightsHash(), -1, 2));
    assertThat(map.there()).isFalse();
    assertThat(map.map().lacks()).contains("none of the model's classes");

    rows.add(row(CARD.weightsHash(), 4, 2));

    assertThat(map.there()).isTrue();
  }

  @Test
  void shouldSayWhatIsOddInsteadOfFailing() {
    rows.add(row(CARD.weightsHash(), 0, 2));
    rows.add(row(CARD.weightsHash(), 1, 3));

    assertThat(map.there()).isTrue();
    assertThat(map.map().svg()).isEmpty();
    assertThat(map.map().lacks())
        .contains("cannot be drawn", "experts by layer [2]", "experts by layer [3]");
  }

  @Test
  void shouldDrawTheGroupsOfAModelWithThousandsOfClasses() {
    ModelCard many = ManyClasses.card(7_845);
    List<RoutingProfile> ofMany =
        IntStream.range(0, 7_845)
            .mapToObj(
                c ->
                    new RoutingProfile(
                        "many",
                        many.weightsHash(),
                        c,
                        many.classes().get(c),
                        1L,
                        row("", 0, 4).getLayers()))
            .toList();

    RoutingMap drawn =
        new InstanceRoutingMap(() -> many, () -> Optional.of(ofMany), Optional::empty, () -> nanos)
            .map();

    assertThat(drawn.svg().orElseThrow())
        .contains("40 groups of 7845 classes", ">group-0<", ">group-39<");
  }

  @Test
  void shouldDrawOnceForAllWhoLookWithinSomeSeconds() {
    rows.add(row(CARD.weightsHash(), 0, 2));
    RoutingMap first = map.map();
    rows.add(row(CARD.weightsHash(), 1, 2));
    nanos += InstanceRoutingMap.KEPT.toNanos() - 1; // the clock may overflow
    assertThat(map.map()).isSameAs(first);
    assertThat(asked).isEqualTo(1);

    nanos += 1;

    assertThat(map.map().svg().orElseThrow()).contains(">class 1<");
    assertThat(asked).isEqualTo(2);
  }
}
