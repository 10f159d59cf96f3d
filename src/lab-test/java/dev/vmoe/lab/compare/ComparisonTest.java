package dev.vmoe.lab.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.Prediction;
import dev.vmoe.lab.compare.ComparisonResult.ClassAgreement;
import dev.vmoe.lab.compare.ComparisonResult.DifferingImage;
import dev.vmoe.lab.compare.ComparisonResult.PairedAccuracy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The join and its figures, on hand-made answers. */
class ComparisonTest {

  /** Offset, true class, and what a and b answered with which score; a dash: nothing. */
  private static final String TABLE =
      """
      10 cat cat 0.9 cat 0.8
      11 cat cat 0.6 dog 0.9
      12 dog cat 0.5 dog 0.7
      13 dog dog 1.0 dog 1.0
      14 -   cow 0.4 cow 0.5
      15 -   dog 0.9 -   0
      16 cat -   0   cat 0.9
      17 cow cow 0.7 cat 0.6
      18 -   dog 0.9 -   0
      """;

  @Test
  void shouldJoinByPositionWhateverTheOrder() {
    ComparisonResult expected = null;
    for (int order = 0; order < 3; order++) {
      Comparison comparison = new Comparison(3);
      List<Runnable> additions = additions(comparison);
      switch (order) {
        case 0 -> additions.forEach(Runnable::run); // side by side
        case 1 -> { // b runs before a
          for (int side = 1; side >= 0; side--) {
            for (int i = side; i < additions.size(); i += 2) {
              additions.get(i).run();
            }
          }
        }
        default -> {
          for (int i = additions.size() - 1; i >= 0; i--) {
            additions.get(i).run();
          }
        }
      }
      ComparisonResult result = comparison.result();

      assertThat(result.both()).isEqualTo(6);
      assertThat(result.agreed()).isEqualTo(3);
      assertThat(result.onlyA()).as("15, which b passed over").isEqualTo(1);
      assertThat(result.onlyB()).as("16").isEqualTo(1);
      assertThat(result.outside()).as("18, which b has not reached").isEqualTo(1);
      assertThat(result.unpaired() + result.repeats()).isZero();
      assertThat(result.classes())
          .containsExactly(
              new ClassAgreement("cat", 3, 1),
              new ClassAgreement("cow", 2, 1),
              new ClassAgreement("dog", 1, 1));
      PairedAccuracy accuracy = result.accuracy();
      assertThat(accuracy.images()).isEqualTo(5);
      assertThat(accuracy.a()).isEqualTo(4 / 5.0);
      assertThat(accuracy.b()).isEqualTo(3 / 5.0);
      assertThat(accuracy.difference()).isEqualTo(-1 / 5.0);
      assertThat(result.images())
          .extracting(image -> image.position().offset())
          .containsExactly(11L, 17L, 12L);
      DifferingImage worst = result.images().get(0);
      assertThat(worst.difference()).isCloseTo((0.6 + 0.9) / 2, within(1e-6));
      assertThat(worst.id()).isEqualTo("image 11");
      assertThat(worst.label()).isEqualTo("cat");
      assertThat(result.a().models()).isEqualTo(Map.of("model a", 6L));
      assertThat(result.a().effectiveCapacityRatio()).isEqualTo(0.5);
      assertThat(result.a().p50Ms()).isCloseTo(12 + 1, within(0.01)); // 10 to 17 without two
      assertThat(result.b().p99Ms()).isCloseTo(2 * 17 + 1, within(0.05));
      assertThat(expected == null || expected.equals(result)).isTrue();
      expected = result;
    }
  }

  private static List<Runnable> additions(Comparison comparison) {
    List<Runnable> additions = new ArrayList<>();
    for (String line : TABLE.lines().toList()) {
      String[] cells = line.split(" +");
      long offset = Long.parseLong(cells[0]);
      String label = cells[1].equals("-") ? null : cells[1];
      for (int side = 0; side < 2; side++) {
        String answer = cells[2 + 2 * side];
        float score = Float.parseFloat(cells[3 + 2 * side]);
        Prediction prediction = answer(offset, label, answer, score, 1 + side);
        boolean ofA = side == 0;
        additions.add(
            () -> {
              if (answer.equals("-")) {
                return;
              }
              if (ofA) {
                comparison.addA(prediction);
              } else {
                comparison.addB(prediction);
              }
            });
      }
    }
    return additions;
  }

  @Test
  void shouldTellTopicsAndPartitionsApart() {
    Comparison comparison = new Comparison(0);
    Prediction here = answer(5, null, "cat", 1, 1);
    Prediction elsewhere = answer(5, null, "cat", 1, 1);
    elsewhere.setSourcePartition(1);
    Prediction another = answer(5, null, "cat", 1, 1);
    another.setSourceTopic("others");

    comparison.addA(here);
    comparison.addB(elsewhere);
    comparison.addB(another);
    assertThat(comparison.lead()).isZero();
    assertThat(comparison.both()).isZero();

    ComparisonResult result = comparison.result();
    assertThat(result.outside()).isEqualTo(3);
    assertThat(result.accuracy()).isNull();
    assertThat(result.images()).isEmpty();
  }

  @Test
  void shouldLeaveOutRepeatsAlsoOfImagesThatAreJoined() {
    Comparison comparison = new Comparison(5);
    Prediction answer = answer(1L << 40, null, "cat", 1, 1);
    comparison.addA(answer);
    comparison.addA(answer);
    comparison.addB(answer);
    comparison.addB(answer);
    comparison.addA(answer);

    ComparisonResult result = comparison.result();
    assertThat(result.both()).isEqualTo(1);
    assertThat(result.repeats()).isEqualTo(3);
    assertThat(result.onlyA() + result.onlyB() + result.outside()).isZero();
  }

  @Test
  void shouldKeepNoMoreThanTheBound() {
    Comparison comparison = new Comparison(2, 10);
    for (int offset = 0; offset < 30; offset++) {
      comparison.addA(answer(offset, null, "cat", offset / 30f, 1));
    }
    assertThat(comparison.lead()).isEqualTo(1);
    for (int offset = 20; offset < 30; offset++) {
      comparison.addB(answer(offset, null, "cat", 0, 1));
    }

    ComparisonResult result = comparison.result();
    assertThat(result.both()).isEqualTo(10);
    assertThat(result.unpaired()).isEqualTo(20);
    assertThat(result.outside()).isEqualTo(20);
    assertThat(result.images())
        .extracting(image -> image.position().offset())
        .containsExactly(29L, 28L);
  }

  /** Half of the sum of the differences, by hand. */
  @ParameterizedTest
  @CsvSource({
    "cat=0.7 dog=0.2, cat=0.7 dog=0.2, 0",
    "cat=1, dog=1, 1",
    "cat=0.75 dog=0.25, dog=0.75 cat=0.25, 0.5",
    "cat=0.75, cat=0.5 dog=0.5, 0.125",
    "cat=0.5 dog=0.25 cow=0.25, cat=0.5 dog=0.25, 0",
    "a=.5 b=.1 c=.1 d=.1 e=.1 f=.1, a=.5 b=.1 c=.1 d=.1 e=.1 g=.1, 0",
  })
  void shouldMeasureHowMuchOfTheScoreLiesElsewhere(String a, String b, double expected) {
    GivenAnswer one = GivenAnswer.of(answer(a));
    GivenAnswer other = GivenAnswer.of(answer(b));

    assertThat(one.differenceFrom(other)).isEqualTo(expected);
    assertThat(other.differenceFrom(one)).isEqualTo(expected);
  }

  @Test
  void shouldKeepLittleOfAnAnswerThatNamesAllClassesAndHasALongId() {
    Prediction large = answer("a=.2 b=.2 c=.2 d=.2 e=.1 f=.1");
    large.setId("x".repeat(99) + "😀".repeat(1000));

    GivenAnswer kept = GivenAnswer.of(large);
    assertThat(kept.top()).hasSize(5);
    assertThat(kept.id()).isEqualTo("x".repeat(99) + "…");
  }

  /** By hand: half an image more in each of the four outcomes, then the normal interval. */
  @ParameterizedTest
  @CsvSource({
    "100, 90, 0, 0, 0, -0.0192, 0.0192",
    "100, 80, 12, 4, 0.08, 0.0007, 0.1562",
    "1, 1, 0, 0, 0, -0.6533, 0.6533",
    "10000, 9000, 300, 100, 0.02, 0.0161, 0.0239",
  })
  void shouldGiveThePairedIntervalOfTheDifference(
      long images, long right, long gained, long lost, double mean, double low, double high) {
    PairedAccuracy accuracy = PairedAccuracy.of(images, right, gained, lost);

    assertThat(accuracy.difference()).isEqualTo(mean);
    assertThat(accuracy.b() - accuracy.a()).isCloseTo(mean, within(1e-12));
    assertThat(accuracy.low()).isCloseTo(low, within(1e-4));
    assertThat(accuracy.high()).isCloseTo(high, within(1e-4));
  }

  @Test
  void shouldRefuseAnAnswerWithoutAClass() {
    Prediction none = answer(1, null, "cat", 1, 1);
    none.setTop(List.of());

    assertThatThrownBy(() -> new Comparison(1).addA(none))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the prediction names no class");
  }

  private static Prediction answer(String scores) {
    Prediction prediction = answer(0, null, "", 0, 1);
    List<ClassScore> top = new ArrayList<>();
    for (String score : scores.split(" ")) {
      String[] cells = score.split("=");
      top.add(new ClassScore(0, cells[0], Float.parseFloat(cells[1])));
    }
    prediction.setTop(top);
    return prediction;
  }

  /** An answer whose time in the instance is side · offset + 1 ms. */
  static Prediction answer(
      long offset, @Nullable String label, String answer, float score, int side) {
    return Prediction.newBuilder()
        .setTop(List.of(new ClassScore(0, answer, score)))
        .setLabel(label)
        .setId("image " + offset)
        .setModel(side == 1 ? "model a" : "model b")
        .setWeightsHash("0")
        .setRequestedCapacityRatio(1)
        .setEffectiveCapacityRatio(0.5)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setBatchId("1")
        .setBatchSize(1)
        .setFlushReason("size")
        .setProcessedShare(1)
        .setQueueMicros(side * 1000 * offset)
        .setDecodeMicros(7)
        .setInferenceMicros(1000)
        .setSourceTopic("images")
        .setSourcePartition(0)
        .setSourceOffset(offset)
        .build();
  }
}
