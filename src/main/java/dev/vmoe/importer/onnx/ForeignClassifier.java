package dev.vmoe.importer.onnx;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.core.onnx.Value;
import dev.vmoe.importer.convert.PixelScale;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * An image classifier in an ONNX file of another origin, whose graph can be given raw pixels.
 *
 * <pre>
 *   images (B, H, W, 3) uint8 → PixelScale → channels first, if the model wants that
 *     → the model's own graph, without a last softmax or sigmoid → logits (B, classes) float
 * </pre>
 */
public final class ForeignClassifier {

  /** The first operator set whose arithmetic broadcasts as what is put in front needs it. */
  private static final long MIN_OPSET = 7;

  /** Largest height and width of images, as for checkpoints. */
  private static final int MAX_SIZE = 4096;

  /** The first version of the format whose weights need not be inputs, too. */
  private static final long MIN_IR = 4;

  /** Largest number of classes: each has a name in the model file. */
  private static final long MAX_CLASSES = 1_000_000;

  private static final int RANK = 4;
  private static final int COLOURS = 3;
  private static final Extent BATCH = Extent.named("batch");

  /** Names that are the wrapping's own. */
  private static final String SCOPE = "preamble";

  private final Path file;
  private final ModelProto.Builder model;
  private final GraphProto.Builder graph;
  private final long opset;
  private final ValueInfoProto input;
  private final ValueInfoProto output;
  private final boolean channelsFirst;
  private final Optional<NodeProto> scores;

  private ForeignClassifier(Path file, ModelProto.Builder model) throws IOException {
    this.file = file;
    this.model = model;
    this.graph = model.getGraphBuilder();
    opset = opset();
    Set<String> weights =
        graph.getInitializerList().stream().map(TensorProto::getName).collect(Collectors.toSet());
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(it -> !weights.contains(it.getName())).toList();
    input = only("input", inputs);
    output = only("output", graph.getOutputList());
    channelsFirst = channelsFirst();
    checkOutput();
    LastNode last =
        LastNode.of(graph, output.getName())
            .orElseThrow(() -> refused("no node computes its output " + output.getName()));
    if (last.makesScoresInBytes()) {
      throw refused("its last softmax or sigmoid is in bytes: quantise it without");
    }
    scores = last.leaveScoresOut();
  }

  /**
   * Reads a model file, and the weights beside it.
   *
   * @throws IOException if it cannot be read, is no ONNX file, or no classifier of images that can
   *     be wrapped; the message says why
   */
  public static ForeignClassifier read(Path file) throws IOException {
    ModelProto.Builder model = ModelProto.newBuilder();
    try (InputStream bytes = Files.newInputStream(file)) {
      model.mergeFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(file + " is no ONNX file: " + e.getMessage(), e);
    }
    if (model.getGraph().getNodeCount() == 0) {
      throw new IOException(file + " is no ONNX file with a graph");
    }
    return new ForeignClassifier(file, model);
  }

  private IOException refused(String why) {
    return refused(file, why);
  }

  static IOException refused(Path file, String why) {
    return new IOException(file + " cannot be imported: " + why);
  }

  private long opset() throws IOException {
    for (StringStringEntryProto entry : model.getMetadataPropsList()) {
      if (entry.getKey().startsWith("vmoe.")) {
        throw refused("it was written by `vmoe model import` and can be served as it is");
      }
    }
    for (OperatorSetIdProto set : model.getOpsetImportList()) {
      if (LastNode.isStandard(set.getDomain())) {
        if (set.getVersion() < MIN_OPSET) {
          throw refused(
              "it uses operator set %d, and sets from %d on can be imported: export it again, or"
                      .formatted(set.getVersion(), MIN_OPSET)
                  + " convert it with onnx.version_converter");
        }
        return set.getVersion();
      }
    }
    throw refused("it does not say which of ONNX's operator sets it uses");
  }

  private ValueInfoProto only(String what, List<ValueInfoProto> values) throws IOException {
    if (values.size() != 1) {
      throw refused(
          "it has %d %ss %s, and a classifier of images has one"
              .formatted(
                  values.size(), what, values.stream().map(ValueInfoProto::getName).toList()));
    }
    return values.get(0);
  }

  private boolean channelsFirst() throws IOException {
    requireReal("input", input);
    List<Dimension> shape = shape(input);
    boolean image = shape.size() == RANK;
    if (image && shape.get(1).getDimValue() == COLOURS) {
      return true;
    }
    if (image && shape.get(RANK - 1).getDimValue() == COLOURS) {
      return false;
    }
    if (guessesChannels()) {
      return true;
    }
    throw refused(
        "its input %s is %s, neither (B, 3, H, W) nor (B, H, W, 3)"
            .formatted(input.getName(), describe(shape)));
  }

  /** Returns whether no axis of its input is declared as the channels: the first is taken then. */
  public boolean guessesChannels() {
    List<Dimension> shape = shape(input);
    return shape.size() == RANK
        && !shape.get(1).hasDimValue()
        && shape.get(RANK - 1).getDimValue() != COLOURS;
  }

  private void checkOutput() throws IOException {
    requireReal("output", output);
    List<Dimension> shape = shape(output);
    if (output.getType().getTensorType().hasShape() && (shape.size() < 2 || classes().size() > 1)) {
      throw refused(
          "its output %s is %s, not (B, classes)".formatted(output.getName(), describe(shape)));
    }
  }

  /** Returns the output's axes behind the batch that are not of extent 1. */
  private List<Dimension> classes() {
    return shape(output).stream().skip(1).filter(it -> it.getDimValue() != 1).toList();
  }

  private void requireReal(String what, ValueInfoProto value) throws IOException {
    TypeProto type = value.getType();
    int element = type.getTensorType().getElemType();
    if (!type.hasTensorType()
        || (element != DataType.FLOAT.getNumber() && element != DataType.FLOAT16.getNumber())) {
      throw refused(
          "its %s %s is no tensor of floats (float32 or float16)".formatted(what, value.getName()));
    }
  }

  private static List<Dimension> shape(ValueInfoProto value) {
    return value.getType().getTensorType().getShape().getDimList();
  }

  private static String describe(List<Dimension> shape) {
    return shape.stream()
        .map(it -> it.hasDimValue() ? Long.toString(it.getDimValue()) : "any")
        .collect(Collectors.joining(", ", "(", ")"));
  }

  /**
   * Returns height and width of its images.
   *
   * @param asked size that is asked for; 0 for the one that the graph has
   * @throws IOException if the graph has another size or is not square, or if neither says one
   */
  public int imageSize(int asked) throws IOException {
    int first = channelsFirst ? 2 : 1;
    long height = shape(input).get(first).getDimValue();
    long width = shape(input).get(first + 1).getDimValue();
    if (height != width && height > 0 && width > 0) {
      throw refused("its images are %d × %d, not square".formatted(height, width));
    }
    long own = Math.max(height, width);
    if (own <= 0 && asked == 0) {
      throw refused("it takes images of any size: give --size");
    }
    if (own > 0 && asked != 0 && own != asked) {
      throw refused("it takes images of %d × %d, not of %d".formatted(own, own, asked));
    }
    if (own > MAX_SIZE) {
      throw refused("it takes images of %d × %d, of at most %d".formatted(own, own, MAX_SIZE));
    }
    return asked != 0 ? asked : (int) own;
  }

  /**
   * Returns the number of classes; empty if only a run would tell.
   *
   * @throws IOException if there are too many
   */
  public OptionalInt numClasses() throws IOException {
    long classes =
        shape(output).isEmpty()
            ? 0
            : classes().stream().mapToLong(Dimension::getDimValue).findFirst().orElse(1);
    if (classes > MAX_CLASSES) {
      throw refused("it has %d classes, of at most %d".formatted(classes, MAX_CLASSES));
    }
    return classes > 0 ? OptionalInt.of((int) classes) : OptionalInt.empty();
  }

  /** Returns what ended it and was left out, Softmax or Sigmoid; empty if it ends with logits. */
  public String scores() {
    return scores.map(NodeProto::getOpType).orElse("");
  }

  /** Puts the softmax or sigmoid that was left out back into the graph, once it is wrapped. */
  public void putScoresBack() {
    NodeProto last = scores.orElseThrow();
    for (NodeProto.Builder node : graph.getNodeBuilderList()) {
      if (node.getOutputList().contains(renamed(last.getOutput(0)))) {
        node.setOpType(last.getOpType()).addAllAttribute(last.getAttributeList());
      }
    }
  }

  /** Returns the extent of the batch in its file, for people. */
  public String batch() {
    return describe(shape(input).subList(0, 1));
  }

  /** Returns a description for people. */
  public String describe() {
    return "ONNX graph of %d nodes, operator set %d, channels %s"
        .formatted(graph.getNodeCount(), opset, channelsFirst ? "first" : "last");
  }

  /**
   * Puts the graph between its new input and output. To be called once.
   *
   * @param images name of the input
   * @param logits name of the output
   * @return SHA-256 of all that is computed, with the operator sets, in hexadecimal
   */
  public String wrap(String images, String logits, int size, int numClasses, PixelScale pixels)
      throws IOException {
    GraphBuilder own = new GraphBuilder(graph.getName());
    Extent side = Extent.of(size);
    Value given = own.input(images, DataType.UINT8, BATCH, side, side, Extent.of(COLOURS));
    int before;
    try (var scope = own.scope(SCOPE)) {
      Value scaled = pixels.apply(given);
      Value ordered = channelsFirst ? scaled.transpose(0, 3, 1, 2) : scaled;
      int element = input.getType().getTensorType().getElemType();
      Value wanted =
          element == DataType.FLOAT.getNumber() ? ordered : ordered.cast(DataType.FLOAT16);
      before = own.build().getNodeCount();
      UnaryOperator<String> names =
          name -> name.equals(input.getName()) ? wanted.name() : renamed(name);
      InlinedData data = new InlinedData(file);
      new Adoption(file, names, data).adopt(graph);
      Adoption ofFunctions = new Adoption(file, UnaryOperator.identity(), data);
      for (FunctionProto.Builder function : model.getFunctionsBuilderList()) {
        ofFunctions.adopt(function.getNodeBuilderList());
      }
      Value made = own.madeElsewhere(names.apply(output.getName())).cast(DataType.FLOAT);
      own.output(
          logits,
          shape(output).size() == 2 ? made : made.reshape(0, -1), // such as (B, classes, 1, 1)
          DataType.FLOAT,
          BATCH,
          Extent.of(numClasses));
    }
    join(own.build(), before);
    MessageDigest digest = ModelFile.sha256();
    try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
      ModelProto.newBuilder()
          .addAllOpsetImport(model.getOpsetImportList())
          .addAllFunctions(model.getFunctionsList())
          .setGraph(graph)
          .build()
          .writeTo(out);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Returns another name for a value, so that no name is that of two. */
  private static String renamed(String name) {
    return name.isEmpty() ? name : "model/" + name;
  }

  /** Puts the first nodes of another graph before this one's, and the rest behind them. */
  private void join(GraphProto own, int before) {
    List<NodeProto> nodes = List.copyOf(graph.getNodeList());
    List<NodeProto> added = own.getNodeList();
    graph
        .clearNode()
        .addAllNode(added.subList(0, before))
        .addAllNode(nodes)
        .addAllNode(added.subList(before, added.size()))
        .addAllInitializer(own.getInitializerList())
        .clearInput()
        .addAllInput(own.getInputList())
        .clearOutput()
        .addAllOutput(own.getOutputList());
  }

  /**
   * Writes the model file.
   *
   * @param metadata what it says about itself, in place of what it said
   */
  public void write(Path target, Map<String, String> metadata) throws IOException {
    model.clearMetadataProps().setIrVersion(Math.max(MIN_IR, model.getIrVersion()));
    metadata.forEach((key, value) -> model.addMetadataPropsBuilder().setKey(key).setValue(value));
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(target))) {
      model.build().writeTo(out);
    }
  }
}
