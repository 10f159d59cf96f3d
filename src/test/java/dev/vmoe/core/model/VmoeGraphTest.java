package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.DispatchPlan;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ReferenceRouter;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VmoeGraphTest {

  private static final VmoeArchitecture ARCHITECTURE =
      Architectures.of(
          12, 4, 24, 32, 2, 4, List.of(1, 3), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final ParameterTree CHECKPOINT = RandomCheckpoint.of(ARCHITECTURE, 5);

  @Test
  void shouldHaveTheInputsAndOutputsThatRunsRelyOn() throws OrtException {
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(CHECKPOINT, Form.of(Target.CPU), Map.of()))) {
      assertThat(describe(graph.session().getInputInfo()))
          .containsExactly(
              Map.entry("batch_priority", "BOOL [1]"),
              Map.entry("capacity", "INT64 [1]"),
              Map.entry("experts_per_token", "INT64 [1]"),
              Map.entry("image_priority", "FLOAT [-1]"),
              Map.entry("images", "UINT8 [-1, 12, 12, 3]"));
      assertThat(describe(graph.session().getOutputInfo()))
          .containsExactly(
              Map.entry("assigned", "INT32 [-1, 2, 4]"),
              Map.entry("dispatched", "INT32 [-1, 2, 4]"),
              Map.entry("features", "FLOAT [-1, 24]"),
              Map.entry("gate_sum", "FLOAT [-1, 2, 4]"),
              Map.entry("importance", "FLOAT [-1, 2, 4]"),
              Map.entry("kept", "INT8 [-1, 2, 10]"),
              Map.entry("logits", "FLOAT [-1, 5]"),
              Map.entry("skipped", "INT32 [-1, 2]"));
      assertThat(Arrays.stream(GraphInput.values()).map(GraphInput::label))
          .containsExactlyInAnyOrderElementsOf(graph.session().getInputNames());
      assertThat(Arrays.stream(GraphOutput.values()).map(GraphOutput::label))
          .containsExactlyInAnyOrderElementsOf(graph.session().getOutputNames());
    }
  }

  @Test
  void shouldHaveOnlyImagesLogitsAndFeaturesWhereNoBlockIsAMixture() throws OrtException {
    ParameterTree dense = RandomCheckpoint.of(RandomCheckpoint.denseTwin(ARCHITECTURE), 5);
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(dense, Form.of(Target.CPU), Map.of()))) {
      assertThat(graph.session().getInputNames()).containsExactly("images");
      assertThat(graph.session().getOutputNames()).containsExactlyInAnyOrder("logits", "features");
      GraphRun.Outputs outputs = graph.run(new GraphRun.Inputs().images(images(3), 3, 12));
      assertThat(outputs.floats(GraphOutput.LOGITS)).hasSize(15);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 0.5", "3, 1, 0.2", "7, 2, 1.05", "64, 2, 0.05", "64, 1, 4", "16, 2, 2"})
  void shouldRouteAsThePlainJavaReferenceDoesWithTheGraphsOwnGates(
      int numImages, int expertsPerToken, double ratio) {
    for (Target target : Target.values()) {
      try (GraphRun graph =
          GraphRun.of(VmoeGraph.withGates(CHECKPOINT, Form.of(target), Map.of()))) {
        compareToReference(graph, ARCHITECTURE, images(numImages), expertsPerToken, ratio);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRouteTheBundledModelAsThePlainJavaReferenceDoesWithTheGraphsOwnGates(Target target)
      throws IOException {
    ParameterTree checkpoint = CheckpointReader.read(BundledPixels.checkpoint("vmoe-bpr"));
    VmoeArchitecture architecture = VmoeArchitecture.of(checkpoint);
    try (GraphRun graph = GraphRun.of(VmoeGraph.withGates(checkpoint, Form.of(target), Map.of()))) {
      for (int numImages : new int[] {1, 2, 5, 17, 64}) {
        byte[] images = BundledPixels.of(60 * numImages, numImages);
        double[] ratios =
            numImages < 64
                ? new double[] {.05, .1, .15, .25, .35, .5, .75, 1.05, 2, 4}
                : new double[] {.05, .35, 1.05, 4}; // the large batch takes most of the time
        for (double ratio : ratios) {
          for (int expertsPerToken : new int[] {1, 2}) {
            compareToReference(graph, architecture, images, expertsPerToken, ratio);
          }
        }
      }
    }
  }

  /** Vanilla order is the reference's without any priority, whatever priorities the graph gets. */
  private static void compareToReference(
      GraphRun graph, VmoeArchitecture a, byte[] images, int expertsPerToken, double ratio) {
    float[] equal = ImagePriority.equal(numImages(a, images));
    float[] mixed = mixedPriorities(equal.length);
    compareToReference(
        graph, a, images, expertsPerToken, ratio, Routing.BATCH_PRIORITY, equal, equal);
    compareToReference(
        graph, a, images, expertsPerToken, ratio, Routing.BATCH_PRIORITY, mixed, mixed);
    compareToReference(graph, a, images, expertsPerToken, ratio, Routing.VANILLA, mixed, equal);
  }

  /** Few different ones, so that images tie. */
  private static float[] mixedPriorities(int numImages) {
    float[] some = {1, 10, 1, 100, .01f, 1, 3.3f};
    float[] priorities = new float[numImages];
    for (int image = 0; image < numImages; image++) {
      priorities[image] = some[image % some.length];
    }
    return ImagePriority.relative(priorities);
  }

  /** Choices and slots must be the very same, sums of gates within the rounding of their order. */
  private static void compareToReference(
      GraphRun graph,
      VmoeArchitecture a,
      byte[] images,
      int expertsPerToken,
      double ratio,
      Routing routing,
      float[] imagePriority,
      float[] expectedPriority) {
    int numImages = numImages(a, images);
    int tokens = a.tokensPerImage();
    int experts = a.numExperts();
    int numLayers = a.moeBlocks().size();
    int slots = Capacity.slots(numImages * tokens, expertsPerToken, ratio, experts);
    GraphRun.Outputs outputs =
        run(graph, a, images, expertsPerToken, slots, routing, imagePriority);
    float[] tokenPriority = new float[numImages * tokens];
    for (int token = 0; token < tokenPriority.length; token++) {
      tokenPriority[token] = expectedPriority[token / tokens];
    }
    float[] gates = outputs.floats("gates");
    int gatesOfLayer = gates.length / numLayers;
    int[] assigned = new int[numImages * numLayers * experts];
    int[] dispatched = new int[assigned.length];
    float[] gateSum = new float[assigned.length];
    float[] importance = new float[assigned.length];
    int[] skipped = new int[numImages * numLayers];
    byte[] kept = new byte[numImages * numLayers * tokens];
    for (int layer = 0; layer < numLayers; layer++) {
      DispatchPlan plan =
          ReferenceRouter.route(
              Arrays.copyOfRange(gates, layer * gatesOfLayer, (layer + 1) * gatesOfLayer),
              experts,
              expertsPerToken,
              slots,
              routing,
              tokenPriority);
      RoutingCounts counts = plan.countsByImage(tokens);
      for (int image = 0; image < numImages; image++) {
        int to = image * numLayers + layer;
        int from = counts.at(image, 0);
        System.arraycopy(counts.assigned(), from, assigned, to * experts, experts);
        System.arraycopy(counts.dispatched(), from, dispatched, to * experts, experts);
        System.arraycopy(counts.gateSum(), from, gateSum, to * experts, experts);
        System.arraycopy(counts.importance(), from, importance, to * experts, experts);
        skipped[to] = counts.skipped()[image];
        for (int token = 0; token < tokens; token++) {
          kept[to * tokens + token] = (byte) plan.keptChoices(image * tokens + token);
        }
      }
    }
    String setting =
        String.format(
            "%d images, K %d, ratio %s, %s, priorities %s",
            numImages, expertsPerToken, ratio, routing, Arrays.toString(imagePriority));
    assertThat(outputs.ints(GraphOutput.ASSIGNED)).as("assigned, %s", setting).isEqualTo(assigned);
    assertThat(outputs.ints(GraphOutput.DISPATCHED))
        .as("dispatched, %s", setting)
        .isEqualTo(dispatched);
    assertThat(outputs.ints(GraphOutput.SKIPPED)).as("skipped, %s", setting).isEqualTo(skipped);
    assertThat(outputs.bytes(GraphOutput.KEPT)).as("kept, %s", setting).isEqualTo(kept);
    assertThat(outputs.floats(GraphOutput.GATE_SUM))
        .as("gate sum, %s", setting)
        .containsExactly(gateSum, within(5e-5f));
    assertThat(outputs.floats(GraphOutput.IMPORTANCE))
        .as("importance, %s", setting)
        .containsExactly(importance, within(5e-5f));
  }

  @Test
  void shouldAnswerAnImageAloneAsInABatchWhereNothingIsDropped() {
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(CHECKPOINT, Form.of(Target.CPU), Map.of()))) {
      byte[] images = images(8);
      float[] together =
          run(graph, ARCHITECTURE, images, 2, 8 * ARCHITECTURE.tokensPerImage(), Routing.VANILLA)
              .floats(GraphOutput.LOGITS);
      int imageBytes = images.length / 8;
      for (int image = 0; image < 8; image++) {
        byte[] one = Arrays.copyOfRange(images, image * imageBytes, (image + 1) * imageBytes);
        float[] alone =
            run(graph, ARCHITECTURE, one, 2, 12, Routing.VANILLA).floats(GraphOutput.LOGITS);
        assertThat(Arrays.copyOfRange(together, image * 5, image * 5 + 5))
            .containsExactly(alone, within(1e-5f));
      }
    }
  }

  @Test
  void shouldSayTheSameForEveryTarget() {
    try (GraphRun cpu = GraphRun.of(VmoeGraph.of(CHECKPOINT, Form.of(Target.CPU), Map.of()));
        GraphRun cuda = GraphRun.of(VmoeGraph.of(CHECKPOINT, Form.of(Target.CUDA), Map.of()))) {
      for (int slots : new int[] {4, 20, 80}) {
        assertThat(run(cuda, 8, 2, slots, Routing.BATCH_PRIORITY).floats(GraphOutput.LOGITS))
            .containsExactly(
                run(cpu, 8, 2, slots, Routing.BATCH_PRIORITY).floats(GraphOutput.LOGITS),
                within(1e-5f));
      }
    }
  }

  private static GraphRun.Outputs run(
      GraphRun graph, int numImages, int expertsPerToken, int slots, Routing routing) {
    return run(graph, ARCHITECTURE, images(numImages), expertsPerToken, slots, routing);
  }

  private static GraphRun.Outputs run(
      GraphRun graph,
      VmoeArchitecture a,
      byte[] images,
      int expertsPerToken,
      int slots,
      Routing routing) {
    float[] equal = ImagePriority.equal(numImages(a, images));
    return run(graph, a, images, expertsPerToken, slots, routing, equal);
  }

  private static GraphRun.Outputs run(
      GraphRun graph,
      VmoeArchitecture a,
      byte[] images,
      int expertsPerToken,
      int slots,
      Routing routing,
      float[] imagePriority) {
    return graph.run(
        new GraphRun.Inputs()
            .images(images, numImages(a, images), a.imageSize())
            .routing(slots, expertsPerToken, routing, imagePriority));
  }

  private static int numImages(VmoeArchitecture a, byte[] images) {
    return images.length / (a.imageSize() * a.imageSize() * 3);
  }

  private static byte[] images(int numImages) {
    byte[] images = new byte[numImages * 12 * 12 * 3];
    new Random(numImages).nextBytes(images);
    return images;
  }

  private static Map<String, String> describe(Map<String, NodeInfo> nodes) {
    Map<String, String> described = new TreeMap<>();
    nodes.forEach(
        (name, node) -> {
          TensorInfo info = (TensorInfo) node.getInfo();
          described.put(name, info.type + " " + Arrays.toString(info.getShape()));
        });
    return described;
  }
}
