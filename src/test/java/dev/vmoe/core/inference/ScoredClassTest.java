package dev.vmoe.core.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.lab.ManyClasses;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScoredClassTest {

  @Test
  void shouldGiveSoftmaxOverAllClassesBestFirst() {
    List<ScoredClass> top = ScoredClass.top(card(true), new float[] {1, 3, 2}, 2);

    assertThat(top).extracting(ScoredClass::index).containsExactly(1, 2);
    assertThat(top).extracting(ScoredClass::label).containsExactly("b", "c");
    double sum = Math.exp(1) + Math.exp(2) + Math.exp(3);
    assertThat(top.get(0).score()).isCloseTo((float) (Math.exp(3) / sum), within(1e-6f));
  }

  @Test
  void shouldGiveSigmoidOfEachClass() {
    List<ScoredClass> top = ScoredClass.top(card(false), new float[] {0, 2, -1}, 5);

    assertThat(top).extracting(ScoredClass::index).containsExactly(1, 0, 2);
    assertThat(top.get(1).score()).isEqualTo(0.5f);
  }

  @Test
  void shouldSurviveLargeLogits() {
    assertThat(ScoredClass.top(card(true), new float[] {1e4f, -1e4f, 0}, 1).get(0).score())
        .isEqualTo(1f);
  }

  @Test
  void shouldGiveTiesToLowerIndex() {
    assertThat(ScoredClass.top(card(true), new float[] {1, 1, 1}, 3))
        .extracting(ScoredClass::index)
        .containsExactly(0, 1, 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {40, 1000, Integer.MAX_VALUE})
  void shouldFindTheBestOfThousands(int count) {
    float[] logits = new float[7_845];
    Random random = new Random(1);
    for (int i = 0; i < logits.length; i++) {
      logits[i] = random.nextInt(500); // with ties
    }
    List<Integer> sorted =
        IntStream.range(0, logits.length)
            .boxed()
            .sorted(Comparator.comparing((Integer i) -> -logits[i]))
            .toList();

    assertThat(ScoredClass.top(ManyClasses.card(logits.length), logits, count))
        .extracting(ScoredClass::index)
        .isEqualTo(sorted.subList(0, Math.min(count, logits.length)));
  }

  private static ModelCard card(boolean softmax) {
    return ModelCards.of(
        "m", "", List.of("a", "b", "c"), 1, 1, List.of(), 0, 0, 1, softmax, "bilinear", "");
  }

  @ParameterizedTest
  @ValueSource(floats = {0.1f, 1, 3, 10, 40, 1000})
  void shouldGiveTheSoftmaxOfThousandsOfClasses(float spread) {
    Random random = new Random(20220622);
    float[] logits = new float[3260];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = (float) (spread * random.nextGaussian());
    }
    for (ScoredClass best : ScoredClass.top(ManyClasses.card(logits.length), logits, 20)) {
      double exact = exact(logits, best.index());
      assertThat(best.score()).isCloseTo((float) exact, within((float) (exact * 1e-6) + 1e-30f));
    }
  }

  private static double exact(float[] logits, int index) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp((double) logit - logits[index]);
    }
    return 1 / sum;
  }
}
