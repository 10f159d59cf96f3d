package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.lab.overload.ArrivalTrace.Slowdown;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlowdownOutcomeTest {

  private static final Routing ROUTING = Routing.BATCH_PRIORITY;

  /** From 90 % at a ratio of 0.5 to 92 % at 1. */
  private static final Quality QUALITY =
      new Quality(
          new QualityProfile(
              List.of(
                  new QualityProfile.Measurement(new OperatingPoint(0.5, 1), ROUTING, 1, 0.90),
                  new QualityProfile.Measurement(new OperatingPoint(1, 1), ROUTING, 1, 0.92))),
          ROUTING,
          0.92);

  private static final Slowdown SLOWDOWN = new Slowdown(10, 5);

  @Test
  void shouldBeBackAtOnceWhereNothingHappened() {
    SlowdownOutcome outcome = of(due -> 0.2, due -> 1);

    assertThat(outcome.lateForSeconds()).isZero();
    assertThat(outcome.secondsToReturn()).isZero();
  }

  @Test
  void shouldSayHowLongImagesWereLate() {
    SlowdownOutcome outcome = of(due -> due >= 11 && due < 16.05 ? 1.2 : 0.2, due -> 1);

    assertThat(outcome.lateForSeconds()).isCloseTo(6, within(1e-6));
    // the last late image was due at 16.0
    assertThat(outcome.secondsToReturn()).isCloseTo(1.1, within(1e-6));
  }

  @Test
  void shouldWaitForTheAccuracyOfBefore() {
    // 0.97: 0.12 points less than before; 0.98: 0.08
    SlowdownOutcome outcome =
        of(due -> 0.2, due -> due < 10 || due >= 18 ? 1 : due < 17 ? 0.97 : 0.98);

    assertThat(outcome.lateForSeconds()).isZero();
    assertThat(outcome.secondsToReturn()).isBetween(1.4, 1.6);
  }

  @Test
  void shouldSayWhereItDidNotComeBack() {
    assertThat(of(due -> 0.2, due -> due < 10 ? 1 : 0.6).secondsToReturn()).isNull();
  }

  /** Ten images a second for 25 seconds. */
  private static SlowdownOutcome of(DoubleUnaryOperator latency, DoubleUnaryOperator ratio) {
    double[] due = IntStream.range(0, 250).mapToDouble(i -> i / 10.0).toArray();
    TraceOutcome outcome = new TraceOutcome(new ArrivalTrace("slowdown", due));
    for (int i = 0; i < due.length; i++) {
      outcome.answer(i, due[i] + latency.applyAsDouble(due[i]), 1, ratio.applyAsDouble(due[i]), 1);
    }
    return SlowdownOutcome.of(outcome, SLOWDOWN, 1, QUALITY);
  }
}
