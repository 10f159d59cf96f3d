package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What can be told of the graph for CUDA without a GPU: that nothing in it would wait for one. */
class CudaGraphTest {

  private static final int IMAGES = 7;
  private static final int EXPERTS = 5;
  private static final VmoeArchitecture ARCHITECTURE =
      Architectures.of(
          12, 4, 24, 32, 2, 2, List.of(1), EXPERTS, 3, VmoeArchitecture.Classifier.TOKEN, 6);

  /**
   * Operators with a CUDA kernel in operator set 17 for the types they have here, by ONNX Runtime's
   * list (docs/OperatorKernels.md). CumSum's is quadratic along its axis.
   */
  private static final Set<String> CUDA_KERNELS =
      Set.of(
          "Add",
          "Cast",
          "Clip",
          "Concat",
          "CumSum",
          "Div",
          "Equal",
          "Expand",
          "FastGelu",
          "Gather",
          "Gemm",
          "Identity",
          "LayerNormalization",
          "Less",
          "MatMul",
          "Min",
          "Mul",
          "Range",
          "ReduceMean",
          "ReduceSum",
          "Reshape",
          "ScatterElements",
          "Shape",
          "Softmax",
          "Split",
          "Squeeze",
          "Sub",
          "Tanh",
          "TopK",
          "Transpose",
          "Unsqueeze",
          "Where");

  /** Inputs, by operator, that decide the shape of what comes out, or are read on the host. */
  private static final Map<String, List<Integer>> HOST_INPUTS =
      Map.of(
          "Reshape", List.of(1),
          "Expand", List.of(1),
          "Range", List.of(0, 1, 2),
          "TopK", List.of(1),
          "Split", List.of(1),
          "Unsqueeze", List.of(1),
          "Squeeze", List.of(1),
          "ReduceSum", List.of(1),
          "CumSum", List.of(1));

  @TempDir Path folder;

  enum Type {
    FP32,
    FP16;

    Form form() {
      return new Form(Target.CUDA, Precision.valueOf(name()));
    }
  }

  private GraphProto graph(Type type) throws IOException {
    Path file = folder.resolve("cuda.onnx");
    VmoeGraph.of(RandomCheckpoint.of(ARCHITECTURE, 5), type.form(), Map.of()).write(file);
    return ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
  }

  @ParameterizedTest
  @EnumSource
  void shouldUseOnlyOperatorsWithKernelsForCuda(Type type) throws IOException {
    assertThat(graph(type).getNodeList()).extracting(NodeProto::getOpType).isSubsetOf(CUDA_KERNELS);
  }

  /** Else the stream would wait for numbers that are still being computed. */
  @ParameterizedTest
  @EnumSource
  void shouldTakeNoShapeFromData(Type type) throws IOException {
    GraphProto graph = graph(type);
    Set<String> known = knownOnTheHost(graph);
    for (NodeProto node : graph.getNodeList()) {
      for (int index : HOST_INPUTS.getOrDefault(node.getOpType(), List.of())) {
        if (index < node.getInputCount()) {
          assertThat(known)
              .as("input %d of %s", index, node.getName())
              .contains(node.getInput(index));
        }
      }
    }
  }

  /** The graph for the CPU does take shapes from data: or the test above could not fail. */
  @Test
  void shouldNoticeThatExpertsOnExactRowsTakeTheirShapesFromData() throws IOException {
    Path file = folder.resolve("cpu.onnx");
    VmoeGraph.of(RandomCheckpoint.of(ARCHITECTURE, 5), Form.of(Target.CPU), Map.of()).write(file);
    GraphProto graph = ModelProto.parseFrom(Files.readAllBytes(file)).getGraph();
    Set<String> known = knownOnTheHost(graph);
    assertThat(graph.getNodeList())
        .filteredOn(node -> node.getOpType().equals("Split") && node.getInputCount() == 2)
        .anySatisfy(node -> assertThat(known).doesNotContain(node.getInput(1)));
  }

  /**
   * Returns constants, settings of the run, extents, and what is computed from nothing else. ONNX
   * Runtime may leave all this on the CPU; but what takes an extent as an input on the host, as
   * Range and Expand do, fills its output on the GPU.
   */
  private static Set<String> knownOnTheHost(GraphProto graph) {
    Set<String> known =
        new HashSet<>(
            List.of(
                GraphInput.CAPACITY.label(),
                GraphInput.EXPERTS_PER_TOKEN.label(),
                GraphInput.BATCH_PRIORITY.label()));
    graph.getInitializerList().forEach(constant -> known.add(constant.getName()));
    for (NodeProto node : graph.getNodeList()) {
      boolean small = node.getOpType().equals("Shape") || known.containsAll(node.getInputList());
      if (small && !Set.of("Range", "Expand").contains(node.getOpType())) {
        known.addAll(node.getOutputList());
      }
    }
    return known;
  }

  /** Shapes as they are in a run on the CPU, with nothing fused. */
  @Test
  void shouldKeepWhatMayStayOnTheHostSmallAndSumAlongExpertsOnly()
      throws IOException, OrtException {
    GraphProto graph = graph(Type.FP32);
    Map<String, JsonNode> profile = profile();
    Set<String> known = knownOnTheHost(graph);
    Set<String> weights = new HashSet<>();
    graph.getInitializerList().forEach(constant -> weights.add(constant.getName()));
    int checked = 0;
    for (NodeProto node : graph.getNodeList()) {
      JsonNode ran = profile.get(node.getName());
      if (ran == null) {
        continue; // folded when the file was loaded
      }
      if (known.containsAll(node.getOutputList()) && !weights.containsAll(node.getInputList())) {
        assertThat(elements(ran.path("output_type_shape")))
            .as("elements of %s", node.getName())
            .isLessThanOrEqualTo(EXPERTS);
        checked++;
      }
      if (node.getOpType().equals("CumSum")) {
        assertThat(elements(ran.path("input_type_shape")))
            .as("elements of %s", node.getName())
            .isLessThanOrEqualTo(EXPERTS);
        checked++;
      }
    }
    assertThat(checked).isGreaterThan(5);
  }

  /** Returns the elements of the largest tensor of a profile's [{"int64":[5]}, …]. */
  private static int elements(JsonNode typesAndShapes) {
    return StreamSupport.stream(typesAndShapes.spliterator(), false)
        .flatMap(tensor -> StreamSupport.stream(tensor.spliterator(), false))
        .mapToInt(
            shape ->
                StreamSupport.stream(shape.spliterator(), false)
                    .mapToInt(JsonNode::intValue)
                    .reduce(1, (a, b) -> a * b))
        .max()
        .orElseThrow();
  }

  private Map<String, JsonNode> profile() throws IOException, OrtException {
    Path file = folder.resolve("cuda.onnx");
    Map<String, JsonNode> nodes = new HashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.enableProfiling(folder.resolve("profile").toString());
      try (GraphRun graph = GraphRun.of(file, options)) {
        graph.run(
            new GraphRun.Inputs()
                .images(new byte[IMAGES * 12 * 12 * 3], IMAGES, 12)
                .routing(12, 2, Routing.BATCH_PRIORITY, ImagePriority.equal(IMAGES)));
        List<JsonNode> events = new ArrayList<>();
        new ObjectMapper()
            .readTree(Path.of(graph.session().endProfiling()).toFile())
            .forEach(events::add);
        for (JsonNode event : events) {
          String name = event.path("name").asText();
          if (name.endsWith("_kernel_time")) {
            nodes.put(
                name.substring(0, name.length() - "_kernel_time".length()), event.path("args"));
          }
        }
      }
    }
    assertThat(nodes).hasSizeGreaterThan(50);
    return nodes;
  }
}
