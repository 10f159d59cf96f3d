package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class EvaluationTest {

  private static final RoutingSettings FULL = new RoutingSettings(4, 2, Routing.BATCH_PRIORITY);
  private static final RoutingSettings HALF = new RoutingSettings(0.5, 2, Routing.VANILLA);

  @Test
  void shouldCountAccuracyAndTimeOfEverySettingOnTheSameImages() {
    Evaluation evaluation =
        new Evaluation(
            new FirstPixel("moe", 0), new FirstPixel("dense", 1), List.of(FULL, HALF), 4);

    // moe 3 of 4, dense 1 of 4
    evaluation.add(FirstPixel.images(0, 1, 2, 1), new int[] {0, 1, 2, 0});
    evaluation.add(FirstPixel.images(2), new int[] {2}); // moe right, dense wrong

    List<SweepRow> rows = evaluation.rows();
    assertThat(rows).extracting(SweepRow::model).containsExactly("dense", "moe", "moe");
    assertThat(rows).extracting(SweepRow::images).containsOnly(5);
    SweepRow dense = rows.get(0);
    SweepRow half = rows.get(2);
    assertThat(dense.point().isDense()).isTrue();
    assertThat(dense.minusDense()).isNull();
    assertThat(half.point().isDense()).isFalse();
    assertThat(half.accuracy()).isEqualTo(0.8);
    assertThat(half.point().routing()).isEqualTo(HALF);
    assertThat(half.effectiveRatio()).isEqualTo(0.5);
    assertThat(half.millisPerImage()).isCloseTo(2 * 3.0 / 5, within(1e-9));
    assertThat(half.processed()).isCloseTo(0.5, within(1e-9));
    assertThat(rows.get(1).processed()).isCloseTo(1.0, within(1e-9));
  }

  @Test
  void shouldGivePairedIntervalOfDifferenceToDenseTwin() {
    Evaluation evaluation =
        new Evaluation(new FirstPixel("moe", 0), new FirstPixel("dense", 1), List.of(FULL), 4);
    evaluation.add(FirstPixel.images(0, 1, 2, 1), new int[] {0, 1, 2, 2});

    SweepRow row = evaluation.rows().get(1);
    // gained 3 images, lost 1: mean 1/2, variance 1 - 1/4, half width 1.96 sqrt(0.75 / 4)
    Interval difference = Objects.requireNonNull(row.minusDense());
    assertThat(difference.mean()).isEqualTo(0.5);
    assertThat(difference.low()).isCloseTo(0.5 - 1.96 * Math.sqrt(0.75 / 4), within(1e-9));
    assertThat(difference.high()).isCloseTo(0.5 + 1.96 * Math.sqrt(0.75 / 4), within(1e-9));
  }
}
