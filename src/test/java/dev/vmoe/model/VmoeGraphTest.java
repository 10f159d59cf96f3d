package dev.vmoe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.moe.Capacity;
import dev.vmoe.moe.DispatchPlan;
import dev.vmoe.moe.ReferenceRouter;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingCounts;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmoeGraphTest {

  private static final VmoeArchitecture ARCHITECTURE =
      new VmoeArchitecture(
          12, 4, 24, 32, 2, 4, List.of(1, 3), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final ParameterTree CHECKPOINT = RandomCheckpoint.of(ARCHITECTURE, 5);

  @Test
  void shouldHaveTheInputsAndOutputsThatRunsRelyOn() throws OrtException {
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(CHECKPOINT, Target.CPU, Map.of()))) {
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
              Map.entry("gate_sum", "FLOAT [-1, 2, 4]"),
              Map.entry("importance", "FLOAT [-1, 2, 4]"),
              Map.entry("kept", "INT8 [-1, 2, 10]"),
              Map.entry("logits", "FLOAT [-1, 5]"),
              Map.entry("skipped", "INT32 [-1, 2]"));
    }
  }

  @Test
  void shouldHaveOnlyImagesAndLogitsWhereNoBlockIsAMixture() throws OrtException {
    ParameterTree dense = RandomCheckpoint.of(ARCHITECTURE.denseTwin(), 5);
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(dense, Target.CPU, Map.of()))) {
      assertThat(graph.session().getInputNames()).containsExactly("images");
      assertThat(graph.session().getOutputNames()).containsExactly("logits");
      GraphRun.Outputs outputs = graph.run(new GraphRun.Inputs().images(images(3), 3, 12));
      assertThat(outputs.floats("logits")).hasSize(15);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 0.5", "3, 1, 0.2", "7, 2, 1.05", "64, 2, 0.05", "64, 1, 4", "16, 2, 2"})
  void shouldRouteAsThePlainJavaReferenceDoesWithTheGraphsOwnGates(
      int numImages, int expertsPerToken, double ratio) {
    for (Target target : Target.values()) {
      try (GraphRun graph = GraphRun.of(VmoeGraph.withGates(CHECKPOINT, target, Map.of()))) {
        for (Routing routing : Routing.values()) {
          compareToReference(graph, numImages, expertsPerToken, ratio, routing);
        }
      }
    }
  }

  private static void compareToReference(
      GraphRun graph, int numImages, int expertsPerToken, double ratio, Routing routing) {
    int tokens = ARCHITECTURE.tokensPerImage();
    int experts = ARCHITECTURE.numExperts();
    int slots = Capacity.slots(numImages * tokens, expertsPerToken, ratio, experts);
    GraphRun.Outputs outputs = run(graph, numImages, expertsPerToken, slots, routing);
    int numLayers = ARCHITECTURE.moeBlocks().size();
    float[] gates = outputs.floats("gates");
    int gatesOfLayer = gates.length / numLayers;
    for (int layer = 0; layer < numLayers; layer++) {
      DispatchPlan plan =
          ReferenceRouter.route(
              Arrays.copyOfRange(gates, layer * gatesOfLayer, (layer + 1) * gatesOfLayer),
              experts,
              expertsPerToken,
              slots,
              routing);
      RoutingCounts counts = plan.countsByImage(tokens);
      for (int image = 0; image < numImages; image++) {
        int from = (image * numLayers + layer) * experts;
        for (int expert = 0; expert < experts; expert++) {
          int at = image * experts + expert;
          assertThat(outputs.ints("assigned")[from + expert]).isEqualTo(counts.assigned()[at]);
          assertThat(outputs.ints("dispatched")[from + expert]).isEqualTo(counts.dispatched()[at]);
          assertThat(outputs.floats("gate_sum")[from + expert])
              .isEqualTo(counts.gateSum()[at], within(1e-5f));
          assertThat(outputs.floats("importance")[from + expert])
              .isEqualTo(counts.importance()[at], within(1e-5f));
        }
        assertThat(outputs.ints("skipped")[image * numLayers + layer])
            .isEqualTo(counts.skipped()[image]);
        for (int token = 0; token < tokens; token++) {
          assertThat((int) outputs.bytes("kept")[(image * numLayers + layer) * tokens + token])
              .isEqualTo(plan.keptChoices(image * tokens + token));
        }
      }
    }
  }

  @Test
  void shouldAnswerAnImageAloneAsInABatchWhereNothingIsDropped() {
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(CHECKPOINT, Target.CPU, Map.of()))) {
      byte[] images = images(8);
      float[] together =
          run(graph, images, 2, 8 * ARCHITECTURE.tokensPerImage(), Routing.VANILLA)
              .floats("logits");
      int imageBytes = images.length / 8;
      for (int image = 0; image < 8; image++) {
        byte[] one = Arrays.copyOfRange(images, image * imageBytes, (image + 1) * imageBytes);
        float[] alone = run(graph, one, 2, 12, Routing.VANILLA).floats("logits");
        assertThat(Arrays.copyOfRange(together, image * 5, image * 5 + 5))
            .containsExactly(alone, within(1e-5f));
      }
    }
  }

  @Test
  void shouldSayTheSameForEveryTarget() {
    try (GraphRun cpu = GraphRun.of(VmoeGraph.of(CHECKPOINT, Target.CPU, Map.of()));
        GraphRun cuda = GraphRun.of(VmoeGraph.of(CHECKPOINT, Target.CUDA, Map.of()))) {
      for (int slots : new int[] {4, 20, 80}) {
        assertThat(run(cuda, 8, 2, slots, Routing.BATCH_PRIORITY).floats("logits"))
            .containsExactly(
                run(cpu, 8, 2, slots, Routing.BATCH_PRIORITY).floats("logits"), within(1e-5f));
      }
    }
  }

  private static GraphRun.Outputs run(
      GraphRun graph, int numImages, int expertsPerToken, int slots, Routing routing) {
    return run(graph, images(numImages), expertsPerToken, slots, routing);
  }

  private static GraphRun.Outputs run(
      GraphRun graph, byte[] images, int expertsPerToken, int slots, Routing routing) {
    int size = ARCHITECTURE.imageSize();
    int numImages = images.length / (size * size * 3);
    float[] priority = new float[numImages];
    Arrays.fill(priority, 1);
    return graph.run(
        new GraphRun.Inputs()
            .images(images, numImages, size)
            .routing(slots, expertsPerToken, routing, priority));
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
