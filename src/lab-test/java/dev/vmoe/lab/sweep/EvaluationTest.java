package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.BatchResult;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingCounts;
import dev.vmoe.moe.RoutingSettings;
import java.nio.ByteBuffer;
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

    evaluation.add(images(0, 1, 2, 1), new int[] {0, 1, 2, 0}); // moe 3 of 4, dense 1 of 4
    evaluation.add(images(2), new int[] {2}); // moe right, dense wrong

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
    evaluation.add(images(0, 1, 2, 1), new int[] {0, 1, 2, 2});

    SweepRow row = evaluation.rows().get(1);
    // gained 3 images, lost 1: mean 1/2, variance 1 - 1/4, half width 1.96 sqrt(0.75 / 4)
    Interval difference = Objects.requireNonNull(row.minusDense());
    assertThat(difference.mean()).isEqualTo(0.5);
    assertThat(difference.low()).isCloseTo(0.5 - 1.96 * Math.sqrt(0.75 / 4), within(1e-9));
    assertThat(difference.high()).isCloseTo(0.5 + 1.96 * Math.sqrt(0.75 / 4), within(1e-9));
  }

  private static ByteBuffer images(int... reds) {
    ByteBuffer images = ByteBuffer.allocateDirect(reds.length * 3);
    for (int i = 0; i < reds.length; i++) {
      images.put(i * 3, (byte) reds[i]);
    }
    return images;
  }

  /** Says the class (first pixel + shift) mod 3; drops half of the choices below ratio 1. */
  private record FirstPixel(String name, int shift) implements BatchClassifier {

    @Override
    public ModelCard card() {
      List<Integer> moeBlocks = name.equals("dense") ? List.of() : List.of(0);
      return new ModelCard(
          name, "", List.of("a", "b", "c"), 1, 1, moeBlocks, 1, 2, 1, true, "bilinear", "");
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      float[][] logits = new float[numImages][3];
      int[] assigned = new int[numImages];
      int[] dispatched = new int[numImages];
      for (int i = 0; i < numImages; i++) {
        logits[i][(images.get(i * 3) + shift) % 3] = 1;
        assigned[i] = 2;
        dispatched[i] = settings.capacityRatio() < 1 ? 1 : 2;
      }
      RoutingCounts counts =
          new RoutingCounts(
              numImages,
              1,
              1,
              assigned,
              dispatched,
              new float[numImages],
              new float[numImages],
              new int[numImages]);
      return new BatchResult(logits, counts, settings, 4, settings.capacityRatio(), 3_000_000);
    }

    @Override
    public void close() {}
  }
}
