package dev.vmoe.core.model;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.moe.GraphInput;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.ParameterTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A V-MoE, or its dense twin, as an ONNX graph: images in, logits and routing counts out. What an
 * operator may tune (capacity, K, order) is an input, so that one file serves every setting.
 *
 * <pre>
 *   images (B, H, W, 3) uint8
 *     → PatchEmbedding → tokens (N, D)
 *     → EncoderBlock × numBlocks, with Mlp or MoeLayer inside
 *     → Head → features (B, F) → logits (B, classes)
 *   capacity, experts_per_token, batch_priority, image_priority → every MoeLayer
 *   every MoeLayer → ImageCounts → assigned, dispatched, gate_sum, importance, skipped, kept
 * </pre>
 *
 * {@link GraphInput} and {@link GraphOutput} name them.
 *
 * <p>Axes: B images, T tokens an image, N = B·T, D hidden size, L MoE layers, E experts, F length
 * of the features.
 */
public final class VmoeGraph {

  private static final Extent BATCH = Extent.named("batch");

  private final VmoeArchitecture architecture;
  private final Parameters model;
  private final Form form;
  private final GraphBuilder graph;
  private final List<MoeLayer> layers = new ArrayList<>();
  private final List<ImageCounts> counts = new ArrayList<>();

  private VmoeGraph(ParameterTree checkpoint, Form form) {
    this.architecture = VmoeArchitecture.of(checkpoint);
    this.model = Parameters.of(checkpoint);
    this.form = form;
    this.graph = new GraphBuilder("vmoe");
  }

  /**
   * Builds the graph of a checkpoint.
   *
   * @param metadata what the file says about itself
   * @throws IllegalArgumentException if a parameter is missing, is one too many, or has a shape
   *     that does not fit
   */
  public static OnnxModel of(ParameterTree checkpoint, Form form, Map<String, String> metadata) {
    VmoeGraph built = new VmoeGraph(checkpoint, form);
    built.build();
    return new OnnxModel(built.graph, metadata);
  }

  /**
   * Builds the graph with one more output, {@code gates} (L, N, E) float: tests compare the routing
   * with a reference that gets the same gates.
   */
  static OnnxModel withGates(ParameterTree checkpoint, Form form, Map<String, String> metadata) {
    VmoeGraph built = new VmoeGraph(checkpoint, form);
    built.build();
    built.graph.output(
        "gates",
        built.graph.stack(0, built.layers.stream().map(MoeLayer::gates).toList()),
        DataType.FLOAT,
        Extent.of(built.layers.size()),
        Extent.named("tokens"),
        Extent.of(built.architecture.numExperts()));
    return new OnnxModel(built.graph, metadata);
  }

  private void build() {
    VmoeArchitecture a = architecture;
    Extent side = Extent.of(a.imageSize());
    Value images =
        graph.input(GraphInput.IMAGES.label(), DataType.UINT8, BATCH, side, side, Extent.of(3));
    Value batch = images.extent(0);
    Optional<RoutingInputs> routing =
        a.dense() ? Optional.empty() : Optional.of(RoutingInputs.declare(graph, BATCH));

    Value x;
    try (var scope = graph.scope("embedding")) {
      x = PatchEmbedding.of(images, batch, a, model, form).reshape(-1, a.hiddenSize());
    }
    for (int i = 0; i < a.numBlocks(); i++) {
      try (var scope = graph.scope("encoderblock_" + i)) {
        Parameters block = model.in("Encoder/encoderblock_" + i);
        x =
            EncoderBlock.of(
                x,
                a,
                block,
                form,
                a.moeBlocks().contains(i)
                    ? tokens -> moe(tokens, batch, block.in("Moe"), routing.orElseThrow())
                    : tokens ->
                        Mlp.dense(a, block.in("Mlp"))
                            .apply(ProductRows.of(tokens, form.precision()), form));
      }
    }
    try (var scope = graph.scope("head")) {
      Value features = Head.features(x, a, model, form);
      x = Head.logits(features, a, model, form);
      graph.output(
          GraphOutput.FEATURES.label(),
          form.precision().inFull(features),
          DataType.FLOAT,
          BATCH,
          Extent.of(a.featuresLength()));
    }
    graph.output(GraphOutput.LOGITS.label(), x, DataType.FLOAT, BATCH, Extent.of(a.numClasses()));
    if (!a.dense()) {
      outputCounts();
    }
    model.requireAllUsed(List.of(VmoeArchitecture.EPSILON, VmoeArchitecture.ERF_GELU));
  }

  private Value moe(Value tokens, Value batch, Parameters moe, RoutingInputs routing) {
    try (var scope = graph.scope("moe")) {
      MoeLayer layer = MoeLayer.of(tokens, architecture, moe, routing, form);
      layers.add(layer);
      try (var inside = graph.scope("counts")) {
        counts.add(
            ImageCounts.of(
                layer.gates(),
                layer.slots(),
                batch,
                architecture.tokensPerImage(),
                architecture.numExperts()));
      }
      return layer.output();
    }
  }

  private void outputCounts() {
    Extent experts = Extent.of(architecture.numExperts());
    Extent tokens = Extent.of(architecture.tokensPerImage());
    output(GraphOutput.ASSIGNED, ImageCounts::assigned, DataType.INT32, experts);
    output(GraphOutput.DISPATCHED, ImageCounts::dispatched, DataType.INT32, experts);
    output(GraphOutput.GATE_SUM, ImageCounts::gateSum, DataType.FLOAT, experts);
    output(GraphOutput.IMPORTANCE, ImageCounts::importance, DataType.FLOAT, experts);
    output(GraphOutput.SKIPPED, ImageCounts::skipped, DataType.INT32);
    output(GraphOutput.KEPT, ImageCounts::kept, DataType.INT8, tokens);
  }

  /** Outputs one of the counts of all layers, (B, L, …). */
  private void output(
      GraphOutput output, Function<ImageCounts, Value> count, DataType type, Extent... last) {
    Extent[] shape = new Extent[2 + last.length];
    shape[0] = BATCH;
    shape[1] = Extent.of(counts.size());
    System.arraycopy(last, 0, shape, 2, last.length);
    graph.output(output.label(), graph.stack(1, counts.stream().map(count).toList()), type, shape);
  }
}
