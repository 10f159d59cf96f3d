package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.overload.AccuracyFrontier.Choice;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.SweepPoint;
import dev.vmoe.lab.sweep.SweepRow;
import java.util.List;
import org.junit.jupiter.api.Test;

class AccuracyFrontierTest {

  @Test
  void shouldLeaveOutWhatAMixtureOfOthersBeats() {
    Choice bent = choice(3, 0.82); // the mixture of 2 and 4 gives 0.87
    AccuracyFrontier frontier =
        new AccuracyFrontier(choice(2, 0.8), choice(6, 0.96), List.of(bent, choice(4, 0.94)));

    assertThat(frontier.hull()).extracting(Choice::secondsPerImage).containsExactly(2.0, 4.0, 6.0);
    assertThat(frontier.accuracy(3)).isCloseTo(0.87, within(1e-12));
    assertThat(frontier.accuracy(1)).isEqualTo(0.8);
    assertThat(frontier.accuracy(9)).isEqualTo(0.96);
  }

  @Test
  void shouldSpendNoMoreThanTheBestPointTakes() {
    AccuracyFrontier frontier =
        new AccuracyFrontier(choice(2, 0.8), choice(6, 0.9), List.of(choice(5, 0.91)));

    assertThat(frontier.slowest()).isEqualTo(5);
    assertThat(frontier.accuracy(6)).isEqualTo(0.91);
  }

  @Test
  void shouldCountNoPointOutsideTheRange() {
    AccuracyFrontier frontier =
        new AccuracyFrontier(
            choice(2, 0.8), choice(6, 0.9), List.of(choice(1, 0.79), choice(7, 0.99)));

    assertThat(frontier.hull()).extracting(Choice::secondsPerImage).containsExactly(2.0, 6.0);
  }

  @Test
  void shouldRefuseALowestPointThatIsNotFaster() {
    assertThatThrownBy(() -> new AccuracyFrontier(choice(6, 0.8), choice(6, 0.9), List.of()))
        .hasMessageContaining("not faster than");
  }

  @Test
  void shouldPlacePointsBetweenTheMeasuredRatesByTheTimeOfTheirRuns() {
    // 1 ms of model and 0.5 ms of pipeline at the lowest point, 2 ms and 0.5 ms at full quality
    AccuracyFrontier frontier =
        AccuracyFrontier.of(
            List.of(row(0.15, 1, 0.8), row(1.05, 2, 0.9), row(0.5, 1.25, 0.88)),
            new Rates(1000 / 2.5, 1000 / 1.5));

    assertThat(frontier.hull().get(1).point()).isEqualTo(new OperatingPoint(0.5, 2));
    assertThat(frontier.hull().get(1).secondsPerImage()).isCloseTo(1.75e-3, within(1e-9));
  }

  @Test
  void shouldPlaceOtherModelsOnTheSameLineBeyondItsEnds() {
    AccuracyFrontier frontier =
        AccuracyFrontier.ofModels(
            List.of(
                List.of(row(0.15, 1, 0.8), row(1.05, 2, 0.9), row(0.5, 0.9, 0.99)),
                List.of(row(1.05, 0.6, 0.75)),
                List.of(row(1.05, 3, 0.95), row(0.5, 1.5, 0.7))),
            new Rates(1000 / 2.5, 1000 / 1.5));

    assertThat(frontier.hull())
        .extracting(Choice::point)
        .as("of the first model nothing beyond its two ends, of the others whatever is best")
        .containsExactly(
            new OperatingPoint(1, 1.05, 2),
            new OperatingPoint(0.15, 2),
            new OperatingPoint(1.05, 2),
            new OperatingPoint(2, 1.05, 2));
    assertThat(frontier.fastest()).isCloseTo(1.1e-3, within(1e-9));
    assertThat(frontier.slowest()).isCloseTo(3.5e-3, within(1e-9));
    assertThat(frontier.ofFirstModel()).isFalse();
  }

  @Test
  void shouldExpectNoLessThanInProportionOfAFasterModel() {
    // the two measured points say that a run of no time takes -0.5 ms in the pipeline
    AccuracyFrontier frontier =
        AccuracyFrontier.ofModels(
            List.of(List.of(row(0.15, 1, 0.8), row(1.05, 2, 0.9)), List.of(row(1.05, 0.4, 0.7))),
            new Rates(1000 / 2.5, 1000));

    assertThat(frontier.fastest()).isCloseTo(0.4e-3, within(1e-9));
  }

  private static Choice choice(double seconds, double accuracy) {
    return new Choice(new OperatingPoint(seconds, 1), seconds, accuracy);
  }

  private static SweepRow row(double ratio, double millis, double accuracy) {
    return new SweepRow(
        "m",
        new SweepPoint(new RoutingSettings(ratio, 2, Routing.BATCH_PRIORITY), 32),
        ratio,
        100,
        (int) Math.round(100 * accuracy),
        new Interval(accuracy, accuracy, accuracy),
        null,
        millis,
        null,
        1);
  }
}
