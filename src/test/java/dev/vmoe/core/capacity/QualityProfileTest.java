package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.Routing;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class QualityProfileTest {

  private static final OperatingPoint LOW = new OperatingPoint(0.25, 1);
  private static final OperatingPoint HIGH = new OperatingPoint(1.05, 2);

  private final QualityProfile profile =
      new QualityProfile(
          List.of(
              new QualityProfile.Measurement(LOW, Routing.BATCH_PRIORITY, 4, 0.8),
              new QualityProfile.Measurement(LOW, Routing.BATCH_PRIORITY, 16, 0.9),
              new QualityProfile.Measurement(HIGH, Routing.BATCH_PRIORITY, 16, 0.95),
              new QualityProfile.Measurement(LOW, Routing.VANILLA, 16, 0.7)));

  @Test
  void shouldKnowWhatWasMeasured() {
    assertThat(profile.points()).containsExactly(LOW, HIGH);
    assertThat(profile.accuracy(LOW, Routing.BATCH_PRIORITY, 16)).isEqualTo(0.9);
    assertThat(profile.accuracy(LOW, Routing.VANILLA, 16)).isEqualTo(0.7);
  }

  @Test
  void shouldInterpolateInTheLogarithmOfTheBatchSize() {
    assertThat(profile.accuracy(LOW, Routing.BATCH_PRIORITY, 8)).isCloseTo(0.85, within(1e-12));
  }

  @Test
  void shouldTakeTheNearestSizeOutsideTheMeasuredOnes() {
    assertThat(profile.accuracy(LOW, Routing.BATCH_PRIORITY, 1)).isEqualTo(0.8);
    assertThat(profile.accuracy(LOW, Routing.BATCH_PRIORITY, 64)).isEqualTo(0.9);
  }

  @Test
  void shouldRefuseAPointThatWasNotMeasured() {
    assertThatThrownBy(() -> profile.accuracy(HIGH, Routing.VANILLA, 16))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1.05")
        .hasMessageContaining("vanilla");
  }

  @Test
  void shouldAssumeThatMoreProcessedChoicesAreBetter() {
    QualityProfile assumed = QualityProfile.assumed(List.of(0.1, 0.5, 1.05), 2);

    assertThat(assumed.points()).hasSize(6);
    assertThat(accuracy(assumed, 0.5, 1)).isBetween(accuracy(assumed, 0.1, 2), 1.0);
    assertThat(accuracy(assumed, 0.5, 2)).isGreaterThan(accuracy(assumed, 0.5, 1));
    assertThat(accuracy(assumed, 1.05, 1)).isLessThan(accuracy(assumed, 0.5, 2));
  }

  @Test
  void shouldInterpolateBetweenRatiosOfTheSameExpertsPerToken() {
    QualityProfile two =
        new QualityProfile(
            List.of(
                new QualityProfile.Measurement(LOW, Routing.BATCH_PRIORITY, 16, 0.9),
                new QualityProfile.Measurement(
                    new OperatingPoint(0.75, 1), Routing.BATCH_PRIORITY, 16, 0.94),
                new QualityProfile.Measurement(HIGH, Routing.BATCH_PRIORITY, 16, 0.95)));
    assertThat(two.accuracy(new OperatingPoint(0.5, 1), Routing.BATCH_PRIORITY, 16))
        .isCloseTo(0.92, within(1e-12));
    assertThatThrownBy(() -> two.accuracy(new OperatingPoint(0.8, 1), Routing.BATCH_PRIORITY, 16))
        .hasMessageContaining("0.8");
    assertThatThrownBy(() -> two.accuracy(new OperatingPoint(0.5, 2), Routing.BATCH_PRIORITY, 16))
        .hasMessageContaining("0.5");
  }

  private static double accuracy(QualityProfile profile, double ratio, int k) {
    return profile.accuracy(new OperatingPoint(ratio, k), Routing.VANILLA, 32);
  }

  @Test
  void shouldKnowEachModelByItself() {
    QualityProfile worse =
        new QualityProfile(
            List.of(new QualityProfile.Measurement(HIGH, Routing.BATCH_PRIORITY, 16, 0.6)));

    QualityProfile both = QualityProfile.ofModels(List.of(profile, worse));

    assertThat(both.points()).containsExactly(LOW, HIGH, HIGH.ofModel(1));
    assertThat(both.accuracy(HIGH, Routing.BATCH_PRIORITY, 16)).isEqualTo(0.95);
    assertThat(both.accuracy(HIGH.ofModel(1), Routing.BATCH_PRIORITY, 16)).isEqualTo(0.6);
    assertThat(both.knows(LOW.ofModel(1), Routing.BATCH_PRIORITY)).isFalse();
    assertThat(both.among(Set.of(1)).points()).containsExactly(HIGH.ofModel(1));
  }
}
