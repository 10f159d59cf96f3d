package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ReferenceRouter;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.convert.DescriptionFile;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
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
      Architectures.of(
          16, 4, 64, 128, 2, 2, List.of(1), 4, 10, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final ParameterTree CHECKPOINT = RandomCheckpoint.of(ARCHITECTURE, 7);
  private static final int IMAGES = 16;
  private static final int TOKENS = IMAGES * ARCHITECTURE.tokensPerImage();

  private static Form form(Precision precision) {
    return new Form(precision == Precision.FP16 ? Target.CUDA : Target.CPU, precision);
  }

  @ParameterizedTest
  @CsvSource({
    "FP16, LOGITS, 0.01",
    "INT8, LOGITS, 0.1",
    "FP16, FEATURES, 0.01",
    "INT8, FEATURES, 0.1"
  })
  void shouldStayNearSinglePrecision(Precision precision, GraphOutput output, double tolerance) {
    float[] exact = run(graph(Precision.FP32), TOKENS).floats(output);
    float[] rounded = run(graph(precision), TOKENS).floats(output);
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
    float[] equal = new float[TOKENS];
    Arrays.fill(equal, 1);
    for (int slots : new int[] {4, 40, 272}) {
      GraphRun.Outputs outputs = run(graph(precision), slots, IMAGES);
      RoutingCounts counts =
          ReferenceRouter.route(outputs.floats("gates"), 4, 2, slots, Routing.BATCH_PRIORITY, equal)
              .countsByImage(ARCHITECTURE.tokensPerImage());
      assertThat(outputs.ints(GraphOutput.ASSIGNED)).isEqualTo(counts.assigned());
      assertThat(outputs.ints(GraphOutput.DISPATCHED)).isEqualTo(counts.dispatched());
    }
  }

  @Test
  void shouldTakeExpertsThatNobodyChooses() {
    GraphRun.Outputs outputs = run(graph(Precision.INT8), 4, 1);
    assertThat(outputs.ints(GraphOutput.DISPATCHED)).contains(0);
    for (float logit : outputs.floats(GraphOutput.LOGITS)) {
      assertThat(logit).isFinite();
    }
  }

  /** At most half a point of accuracy lost, on the first test images of the bundled model. */
  @Test
  void shouldAnswerTheBundledTestImagesAboutAsWellInBytes() throws IOException {
    ParameterTree bundled = CheckpointReader.read(BundledPixels.checkpoint("vmoe-bpr"));
    List<String> classes = DescriptionFile.beside(BundledPixels.checkpoint("vmoe-bpr")).classes();
    List<LabelledImage> set = BundledImages.all().subList(0, 2000);
    int[] correct = new int[2];
    int same = 0;
    try (GraphRun exact = GraphRun.of(VmoeGraph.of(bundled, Form.of(Target.CPU), Map.of()));
        GraphRun bytes = GraphRun.of(VmoeGraph.of(bundled, form(Precision.INT8), Map.of()))) {
      for (int first = 0; first < set.size(); first += 50) {
        List<LabelledImage> batch = set.subList(first, first + 50);
        byte[] images = BundledPixels.decoded(batch);
        int[] ofExact = answers(exact, images, classes.size());
        int[] ofBytes = answers(bytes, images, classes.size());
        for (int image = 0; image < batch.size(); image++) {
          String label = batch.get(image).label();
          correct[0] += classes.get(ofExact[image]).equals(label) ? 1 : 0;
          correct[1] += classes.get(ofBytes[image]).equals(label) ? 1 : 0;
          same += ofExact[image] == ofBytes[image] ? 1 : 0;
        }
      }
    }
    assertThat(correct[0]).as("right in single precision").isGreaterThan(set.size() * 9 / 10);
    assertThat(correct[1])
        .as("right in bytes")
        .isGreaterThanOrEqualTo(correct[0] - set.size() / 200);
    assertThat(same).as("answered alike").isBetween(set.size() * 95 / 100, set.size() - 1);
  }

  private static int[] answers(GraphRun graph, byte[] images, int numClasses) {
    int numImages = images.length / (BundledPixels.SIZE * BundledPixels.SIZE * 3);
    float[] logits =
        graph
            .run(
                new GraphRun.Inputs()
                    .images(images, numImages, BundledPixels.SIZE)
                    .routing(
                        Capacity.slots(36 * numImages, 2, 1.05, 8),
                        2,
                        Routing.BATCH_PRIORITY,
                        ImagePriority.equal(numImages)))
            .floats(GraphOutput.LOGITS);
    int[] answers = new int[numImages];
    for (int i = 0; i < logits.length; i++) {
      int image = i / numClasses;
      if (logits[i] > logits[image * numClasses + answers[image]]) {
        answers[image] = i % numClasses;
      }
    }
    return answers;
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
