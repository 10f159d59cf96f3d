package dev.vmoe.lab.sizing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.OperatingPoint;
import org.junit.jupiter.api.Test;

/** What a simulated instance is expected to do. */
class ForecasterTest {

  private static final Batching USUAL = new Batching(32, 20);

  private final Forecaster forecaster = Costs.forecaster();

  @Test
  void shouldAnswerAtMostWhatRunAndGapLeave() {
    OperatingPoint best = new OperatingPoint(1.05, 2);
    // 2 ms + 32 · 1.35 ms, and 0.1 ms an image beside it
    assertThat(forecaster.throughput(best, 32)).isCloseTo(32 / (0.0452 + 0.0032), within(1e-6));
    assertThat(forecaster.best(32)).isEqualTo(best);
    assertThat(forecaster.throughput(forecaster.cheapest(32), 32))
        .isGreaterThan(1.5 * forecaster.throughput(best, 32));
  }

  @Test
  void shouldGiveUpNothingWhereThereIsRoomAndSomeWhereThereIsNot() {
    Forecast easy = forecaster.adaptive(USUAL, 1, 300);
    Forecast hard = forecaster.adaptive(USUAL, 1, 1_000);

    assertThat(easy.gaveUp()).isZero();
    assertThat(easy.capacityRatio()).isCloseTo(1.05, within(1e-9));
    assertThat(easy.accuracy()).isCloseTo(0.93, within(1e-9));
    assertThat(hard.gaveUp()).isGreaterThan(0.005);
    assertThat(hard.p99Ms()).isLessThan(1_000);
    assertThat(hard.meanBatch()).isGreaterThan(easy.meanBatch());
    assertThat(hard.busyShare()).isGreaterThan(easy.busyShare());
  }

  @Test
  void shouldTakeLingerRunAndTransportWithNextToNoLoad() {
    Forecast alone = forecaster.adaptive(USUAL, 1, 0.5);

    // 20 linger + 2 + 1.35 run + 1 rest + 0.1 beside it + 20 transport; committed at once
    assertThat(alone.p50Ms()).isCloseTo(44.5, within(1.0));
    assertThat(alone.p99Ms()).isBetween(44.5, 50.0);
    assertThat(alone.meanBatch()).isBetween(1.0, 1.1);
  }

  @Test
  void shouldStarveBatchesWhereManyInstancesShareALoad() {
    assertThat(forecaster.adaptive(USUAL, 1, 50).meanBatch()).isCloseTo(1 + 50 * 0.02, within(0.2));
  }

  @Test
  void shouldBeFasterInEverythingOnAFasterDevice() {
    Forecaster twice = forecaster.faster(2);
    assertThat(twice.throughput(twice.best(32), 32))
        .isCloseTo(2 * forecaster.throughput(forecaster.best(32), 32), within(1e-3));
    assertThat(twice.adaptive(USUAL, 1, 1_000).gaveUp())
        .isLessThan(forecaster.adaptive(USUAL, 1, 1_000).gaveUp());
  }
}
