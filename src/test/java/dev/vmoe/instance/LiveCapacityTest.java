package dev.vmoe.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.Load;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.capacity.Sample;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.moe.Routing;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LiveCapacityTest {

  private static final double REFUSED = 0.99;
  private static final Sample SAMPLE = new Sample(5, 1, 0, 0, 0, null, Load.UNKNOWN);

  private final List<LiveSettings> created = new ArrayList<>();
  private final List<Sample> samples = new ArrayList<>();

  private final LiveCapacity capacity =
      new LiveCapacity(
          settings -> {
            created.add(settings);
            if (settings.capacity().ratio() == REFUSED) {
              throw new IllegalArgumentException("ratio " + REFUSED);
            }
            CapacityController fixed = ControllerFactory.fixed().create(settings);
            return sample -> {
              samples.add(sample);
              return fixed.decide(sample);
            };
          },
          now -> new Load(10 * now, 3, 7),
          live(Map.of(), null));

  @Test
  void shouldDecideAsTheSettingsFileSaysUntilThereIsMore() {
    Decision decision = capacity.decide(SAMPLE);

    assertThat(decision.point()).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(decision.configurationVersion()).isNull();
  }

  @Test
  void shouldDecideUnderTheNewSettingsAndSayWhich() {
    capacity.decide(SAMPLE);
    capacity.take(live(Map.of("capacity.ratio", "0.5", "routing", "vanilla"), 4L));
    Decision decision = capacity.decide(SAMPLE);

    assertThat(decision.point()).isEqualTo(new OperatingPoint(0.5, 2));
    assertThat(decision.routing()).isEqualTo(Routing.VANILLA);
    assertThat(decision.configurationVersion()).isEqualTo(4);
  }

  @Test
  void shouldTellTheControllerTheLoad() {
    capacity.decide(SAMPLE);

    assertThat(samples).singleElement().isEqualTo(SAMPLE.withLoad(new Load(50, 3, 7)));
  }

  @Test
  void shouldKeepTheControllerWhereNothingConcernsIt() {
    capacity.take(live(Map.of(), 5L));

    assertThat(created).hasSize(1);
    assertThat(capacity.decide(SAMPLE).configurationVersion()).isEqualTo(5);
    capacity.take(live(Map.of("target.latency.ms", "500"), 6L));
    assertThat(created).hasSize(2);
    capacity.take(live(Map.of("target.latency.ms", "500", "batch.max.images", "8"), 7L));
    assertThat(created).hasSize(3);
  }

  @Test
  void shouldStayAsItIsWhenTheFactoryRefuses() {
    LiveSettings refused = live(Map.of("capacity.ratio", Double.toString(REFUSED)), 9L);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> capacity.take(refused))
        .withMessageContaining("ratio 0.99");
    assertThat(capacity.decide(SAMPLE).configurationVersion()).isNull();
  }

  private static LiveSettings live(Map<String, String> overrides, Long version) {
    return LiveSettings.of(new Settings(Map.of()), overrides, version)
        .forModel(new FakeClassifier().card());
  }
}
