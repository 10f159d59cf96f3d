package dev.vmoe.importer.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.Npz;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ONNX classifiers of other programs become model files. */
class OnnxImportTest extends OnnxImportFixture {

  /** Largest difference of two logits, as a part of the largest logit. */
  private static final float TOLERANCE = 1e-4f;

  private float[][] logits(byte[] images, int count) {
    try (VmoeSession session =
        VmoeSession.open(out(), new SessionSettings(Device.CPU, 1, false, List.of()))) {
      ByteBuffer direct = ByteBuffer.allocateDirect(images.length).put(images);
      return session
          .classify(direct, count, new RoutingSettings(1, 1, Routing.BATCH_PRIORITY))
          .logits();
    }
  }

  private void assertLogitsOfTorch(String name) throws IOException {
    ParameterTree torch = Npz.read(OnnxFiles.EXPORTED.resolve(name + ".npz"));
    Tensor images = torch.get("images");
    Tensor expected = torch.get("logits");
    byte[] pixels = new byte[images.size()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = (byte) images.at(i);
    }
    float[][] logits = logits(pixels, images.extent(0));
    float largest = 0;
    for (int i = 0; i < expected.size(); i++) {
      largest = Math.max(largest, Math.abs(expected.at(i)));
    }
    int classes = expected.extent(1);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(logits[i / classes][i % classes])
          .as("logit %d of image %d", i % classes, i / classes)
          .isCloseTo(expected.at(i), within(TOLERANCE * largest));
    }
  }

  @ParameterizedTest
  @CsvSource({"resnet, 64, 6", "mobilenet, 32, 5"})
  void shouldSayWhatTorchSaysOfClassifiersThatItExported(String name, int size, int classes)
      throws IOException {
    ModelCard card = write(OnnxFiles.EXPORTED.resolve(name + ".onnx"), 0, IMAGENET);

    assertThat(card.imageSize()).isEqualTo(size);
    assertThat(card.classes()).hasSize(classes).startsWith("0", "1");
    assertThat(card.dense()).isTrue();
    assertThat(card.weightsHash()).matches("[0-9a-f]{64}");
    assertThat(ModelOpener.card(out())).isEqualTo(card);
    assertLogitsOfTorch(name);
  }

  @Test
  void shouldTakeWeightsBesideTheFileIn() throws IOException {
    ModelProto.Builder model = OnnxFiles.exported("mobilenet");
    Path data = folder.resolve("weights.bin");
    Path source =
        OnnxFiles.write(
            OnnxFiles.withDataFile(model, data, "weights.bin"), folder.resolve("in.onnx"));
    write(source, 0, IMAGENET);
    Files.move(data, folder.resolve("elsewhere"));

    assertLogitsOfTorch("mobilenet");
  }

  /** The length is optional in ONNX; then type and shape say it. */
  @Test
  void shouldTakeWeightsInWhoseLengthIsNotSaid() throws IOException {
    ModelProto.Builder model = OnnxFiles.exported("mobilenet");
    OnnxFiles.withDataFile(model, folder.resolve("weights.bin"), "weights.bin");
    for (TensorProto.Builder weight : model.getGraphBuilder().getInitializerBuilderList()) {
      weight.removeExternalData(2);
    }
    write(OnnxFiles.write(model, folder.resolve("in.onnx")), 0, IMAGENET);

    assertLogitsOfTorch("mobilenet");
  }

  /** As optimum and transformers declare it. */
  @Test
  void shouldTakeChannelsFirstWhereNoAxisIsDeclared() throws IOException {
    ModelProto.Builder model = OnnxFiles.exported("mobilenet");
    model
        .getGraphBuilder()
        .setInput(0, OnnxFiles.declared("images", OnnxFiles.FLOAT, -1, -1, -1, -1));
    write(OnnxFiles.write(model, folder.resolve("in.onnx")), 32, IMAGENET);

    assertLogitsOfTorch("mobilenet");
    assertThat(guessed).containsEntry("channels", "channels first");
    guessed.clear();
    write(OnnxFiles.EXPORTED.resolve("mobilenet.onnx"), 0, IMAGENET);
    assertThat(guessed).doesNotContainKey("channels");
  }

  @ParameterizedTest
  @CsvSource({"Softmax, false", "Softmax, true", "Sigmoid, false", "Identity, false"})
  void shouldTakeChannelsLastAndLeaveALastSoftmaxOut(String last, boolean half) throws IOException {
    int type = half ? OnnxFiles.FLOAT16 : OnnxFiles.FLOAT;
    Path source =
        OnnxFiles.write(OnnxFiles.redOrNot(type, last, -1, -1, -1, 3), folder.resolve("in.onnx"));
    ModelCard card =
        OnnxImport.write(source, options(2, List.of("red", "not")), PLAIN, guessed, out());

    assertThat(card.classes()).containsExactly("red", "not");
    assertThat(card.softmax()).isEqualTo(!last.equals("Sigmoid"));
    assertThat(guessed.containsKey("activation")).isEqualTo(last.equals("Identity"));
    assertThat(guessed).containsEntry("resize", "resize bilinear");
    assertLogitsOfRedAndBlack();
  }

  private void assertLogitsOfRedAndBlack() {
    float[][] logits =
        logits(
            new byte[] {-1, 0, 9, -1, 1, 8, 0, 2, 7, 0, 3, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
            2);
    assertThat(logits[0]).containsExactly(new float[] {0.5f, -1.5f}, within(1e-3f));
    assertThat(logits[1]).containsExactly(new float[] {0, -1}, within(1e-3f));
  }

  @Test
  void shouldLeaveASoftmaxOutThatOthersHandOn() throws IOException {
    ModelProto.Builder model = OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, -1, 3);
    OnnxFiles.behind(model, "Identity", "Flatten", "Dropout");
    write(OnnxFiles.write(model, folder.resolve("in.onnx")), 2, PLAIN);

    assertLogitsOfRedAndBlack();
    assertThat(guessed).doesNotContainKey("activation");
  }

  /** Bytes would hold scores, and no logits. */
  @Test
  void shouldLeaveOutASoftmaxInBytes() throws IOException {
    ModelProto.Builder model = OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, -1, 3);
    model
        .getGraphBuilder()
        .addNode(
            OnnxFiles.node("QuantizeLinear", List.of("probabilities", "step", "zero"), "bytes"))
        .addNode(OnnxFiles.node("DequantizeLinear", List.of("bytes", "step", "zero"), "scores"))
        .addInitializer(
            TensorProto.newBuilder()
                .setName("step")
                .setDataType(OnnxFiles.FLOAT)
                .addFloatData(1 / 256f))
        .addInitializer(TensorProto.newBuilder().setName("zero").setDataType(2).addInt32Data(0))
        .getOutputBuilder(0)
        .setName("scores");
    write(OnnxFiles.write(model, folder.resolve("in.onnx")), 2, PLAIN);

    assertLogitsOfRedAndBlack();
    assertThat(guessed).doesNotContainKey("activation");
  }

  /** As SqueezeNet and DenseNet of ONNX's model zoo give them, declared or not. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldTakeLogitsWithFurtherAxes(boolean declared) throws IOException {
    ModelProto.Builder model = OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, -1, 3);
    model
        .getGraphBuilder()
        .addNode(OnnxFiles.node("Unsqueeze", List.of("probabilities", "axes"), "map"))
        .addInitializer(
            TensorProto.newBuilder()
                .setName("axes")
                .setDataType(7)
                .addDims(2)
                .addInt64Data(2)
                .addInt64Data(3))
        .setOutput(0, OnnxFiles.declared("map", OnnxFiles.FLOAT, -1, 2, 1, 1));
    if (!declared) {
      model
          .getGraphBuilder()
          .getOutputBuilder(0)
          .getTypeBuilder()
          .getTensorTypeBuilder()
          .clearShape();
    }
    Path source = OnnxFiles.write(model, folder.resolve("in.onnx"));
    OnnxImport.write(source, options(2, List.of("red", "not")), PLAIN, guessed, out());

    assertLogitsOfRedAndBlack();
  }

  @Test
  void shouldKeepNamesOfValuesApart() throws IOException {
    ModelProto.Builder model = OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, -1, 3);
    model.getGraphBuilder().getNodeBuilder(1).setOutput(0, "model/logits");
    model.getGraphBuilder().getNodeBuilder(2).setInput(0, "model/logits");
    write(OnnxFiles.write(model, folder.resolve("in.onnx")), 2, PLAIN);

    assertLogitsOfRedAndBlack();
  }

  /** What an operator does depends on its set, so the same nodes may be another model. */
  @Test
  void shouldTakeTheOldestOperatorSetForAnotherModel() throws IOException {
    ModelProto.Builder model = OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, -1, 3);
    Path source = folder.resolve("in.onnx");
    String hash = write(OnnxFiles.write(model, source), 2, PLAIN).weightsHash();
    model.setProducerName("another");
    assertThat(write(OnnxFiles.write(model, source), 2, PLAIN).weightsHash()).isEqualTo(hash);
    model.getOpsetImportBuilder(0).setVersion(7);

    assertThat(write(OnnxFiles.write(model, source), 2, PLAIN).weightsHash()).isNotEqualTo(hash);
    assertLogitsOfRedAndBlack();
  }

  @Test
  void shouldRefuseToServeItWhereFeaturesAreWanted() throws IOException {
    write(OnnxFiles.EXPORTED.resolve("mobilenet.onnx"), 0, IMAGENET);
    Settings settings =
        new Settings(
            Map.of(
                Settings.MODEL,
                out(),
                Settings.DEVICE,
                "cpu",
                Settings.PREDICTIONS_FEATURES,
                true));
    LiveSettings live = LiveSettings.of(settings);

    assertThatThrownBy(() -> ServedFiles.of(settings, live).complete(live, settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("predictions.features: mine gives no features");
    assertThatThrownBy(() -> ModelOpener.openIn(new RunLayout(1, 1), out(), settings))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("mine gives no features");
  }
}
