package dev.vmoe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.moe.ImagePriority;
import dev.vmoe.moe.ReferenceRouter;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingCounts;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Graphs of other precisions against the one of single precision. */
class PrecisionTest {

  /** Wide enough that rounding errors average out as in a real model. */
  private static final VmoeArchitecture ARCHITECTURE =
      new VmoeArchitecture(
          16, 4, 64, 128, 2, 2, List.of(1), 4, 10, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final ParameterTree CHECKPOINT = RandomCheckpoint.of(ARCHITECTURE, 7);
  private static final int IMAGES = 16;
  private static final int TOKENS = IMAGES * ARCHITECTURE.tokensPerImage();

  private static Form form(Precision precision) {
    return new Form(precision == Precision.FP16 ? Target.CUDA : Target.CPU, precision);
  }

  @ParameterizedTest
  @CsvSource({"FP16, 0.01", "INT8, 0.1"})
  void shouldStayNearSinglePrecision(Precision precision, double tolerance) {
    float[] exact = run(graph(Precision.FP32), TOKENS).floats("logits");
    float[] rounded = run(graph(precision), TOKENS).floats("logits");
    double error = 0;
    double size = 0;
    for (int i = 0; i < exact.length; i++) {
      error += (rounded[i] - exact[i]) * (double) (rounded[i] - exact[i]);
      size += exact[i] * (double) exact[i];
    }
    assertThat(Math.sqrt(error / size)).isGreaterThan(0).isLessThan(tolerance);
  }

  /** Whatever the products are computed in, the choices follow exactly from the gates. */
  @ParameterizedTest
  @EnumSource
  void shouldRouteExactlyByItsOwnGates(Precision precision) {
    for (int slots : new int[] {4, 40, 272}) {
      GraphRun.Outputs outputs = run(graph(precision), slots);
      float[] equal = new float[TOKENS];
      Arrays.fill(equal, 1);
      RoutingCounts counts =
          ReferenceRouter.route(outputs.floats("gates"), 4, 2, slots, Routing.BATCH_PRIORITY, equal)
              .countsByImage(ARCHITECTURE.tokensPerImage());
      assertThat(outputs.ints("assigned")).isEqualTo(counts.assigned());
      assertThat(outputs.ints("dispatched")).isEqualTo(counts.dispatched());
    }
  }

  @Test
  void shouldTakeExpertsThatNobodyChooses() {
    GraphRun.Outputs outputs = run(graph(Precision.INT8), 4, 1);
    assertThat(outputs.ints("dispatched")).contains(0);
    for (float logit : outputs.floats("logits")) {
      assertThat(logit).isFinite();
    }
  }

  @Test
  void shouldRefuseAPrecisionThatIsFastNowhere() {
    assertThatThrownBy(() -> new Form(Target.CPU, Precision.FP16))
        .hasMessageContaining("precision fp16 is not for target cpu");
    assertThatThrownBy(() -> new Form(Target.CUDA, Precision.INT8))
        .hasMessageContaining("precision int8 is not for target cuda");
  }

  private static GraphRun.Outputs run(GraphRun graph, int slots) {
    return run(graph, slots, IMAGES);
  }

  private static GraphRun.Outputs run(GraphRun graph, int slots, int numImages) {
    byte[] images = new byte[numImages * 16 * 16 * 3];
    new Random(3).nextBytes(images);
    try (graph) {
      return graph.run(
          new GraphRun.Inputs()
              .images(images, numImages, 16)
              .routing(slots, 2, Routing.BATCH_PRIORITY, ImagePriority.equal(numImages)));
    }
  }

  private static GraphRun graph(Precision precision) {
    return GraphRun.of(VmoeGraph.withGates(CHECKPOINT, form(precision), Map.of()));
  }
}
