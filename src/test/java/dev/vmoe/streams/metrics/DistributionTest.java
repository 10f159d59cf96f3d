package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DistributionTest {

  private static final double[] BOUNDS = {1, 2, 4, Double.POSITIVE_INFINITY};

  @Test
  void shouldSpreadABucketEvenly() {
    Distribution distribution = new Distribution(BOUNDS, new long[] {0, 10, 10, 0}, 40);

    assertThat(distribution.quantile(0.25)).isEqualTo(1.5);
    assertThat(distribution.quantile(0.5)).isEqualTo(2);
    assertThat(distribution.quantile(0.75)).isEqualTo(3);
    assertThat(distribution.mean()).isEqualTo(2);
  }

  @Test
  void shouldGiveTheLastBoundForWhatIsBeyondIt() {
    assertThat(new Distribution(BOUNDS, new long[] {0, 0, 1, 9}, 99).quantile(0.99)).isEqualTo(4);
  }

  @Test
  void shouldKnowNothingOfNothing() {
    Distribution distribution = new Distribution(BOUNDS, new long[] {3, 1, 0, 0}, 5);

    assertThat(distribution.since(distribution).quantile(0.5)).isNaN();
    assertThat(distribution.since(distribution).mean()).isNaN();
  }
}
