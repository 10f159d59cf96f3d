package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PairedBootstrapTest {

  @Test
  void shouldComeCloseToTheNormalIntervalOfManyImages() {
    int n = 10_000;
    double[] left = new double[n];
    double[] right = new double[n];
    Random random = new Random(4);
    for (int i = 0; i < n; i++) {
      right[i] = random.nextInt(10) == 0 ? 0 : 1;
      left[i] = random.nextInt(20) == 0 ? 1 - right[i] : right[i];
    }
    double[] differences = new double[n];
    Arrays.setAll(differences, i -> left[i] - right[i]);
    double mean = Arrays.stream(differences).average().orElseThrow();
    double variance = Arrays.stream(differences).map(d -> d * d).sum() / n - mean * mean;
    double halfWidth = 1.96 * Math.sqrt(variance / n);

    PairedBootstrap.Interval interval = PairedBootstrap.difference(left, right, 1);

    assertThat(interval.mean()).isCloseTo(mean, within(1e-12));
    assertThat(interval.low()).isCloseTo(mean - halfWidth, within(.1 * halfWidth));
    assertThat(interval.high()).isCloseTo(mean + halfWidth, within(.1 * halfWidth));
    assertThat(PairedBootstrap.difference(left, right, 1)).isEqualTo(interval);
  }

  @Test
  void shouldBeCertainOfWhatEveryImageSays() {
    assertThat(PairedBootstrap.difference(new double[] {1, .5}, new double[] {.75, .25}, 1))
        .isEqualTo(new PairedBootstrap.Interval(.25, .25, .25));
  }

  @Test
  void shouldRefuseWhatCannotBePaired() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PairedBootstrap.difference(new double[2], new double[3], 1))
        .withMessage("2 scores cannot be paired with 3");
  }
}
