package dev.vmoe.modelstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.vmoe.checkpoint.Npz;
import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.model.ImportOptions;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.onnx.PixelScale;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.PredictionContents;
import dev.vmoe.settings.RunLayout;
import dev.vmoe.settings.Settings;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** ONNX classifiers of other programs become model files, or are refused with the reason. */
class OnnxImportTest {

  private static final PixelScale IMAGENET =
      new PixelScale(1 / 255.0, List.of(0.485, 0.456, 0.406), List.of(0.229, 0.224, 0.225));
  private static final PixelScale PLAIN =
      new PixelScale(1 / 255.0, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

  /** Largest difference of two logits, as a part of the largest logit. */
  private static final float TOLERANCE = 1e-4f;

  private final Map<String, String> guessed = new HashMap<>();

  @TempDir private Path folder;

  private ModelCard write(Path source, int size, PixelScale pixels) throws IOException {
    return OnnxImport.write(source, options(size, List.of()), pixels, guessed, out());
  }

  private Path out() {
    return folder.resolve("out.onnx");
  }

  private static ImportOptions options(int size, List<String> classes) {
    ImportOptions defaults = ImportOptions.named("mine");
    return new ImportOptions(
        "mine", classes, List.of(), 2, 1.05, true, defaults.resize(), defaults.positions(), size);
  }

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
                Settings.MODEL, out(), Settings.DEVICE, "cpu", PredictionContents.FEATURES, true));
    LiveSettings live = LiveSettings.of(settings);

    assertThatThrownBy(() -> ServedFiles.of(settings, live).complete(live, settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("predictions.features: mine gives no features");
    assertThatThrownBy(() -> ModelOpener.openIn(new RunLayout(1, 1), out(), settings))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("mine gives no features");
  }

  /** Files that are refused, and a part of the message. */
  private enum Refused {
    OPERATOR_SET("uses operator set 6, and sets from 7 on can be imported") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getOpsetImportBuilder(0).setVersion(6);
        return model;
      }
    },
    FUTURE_OPERATOR_SET("cannot be imported: ") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getOpsetImportBuilder(0).setVersion(99);
        return model;
      }
    },
    ONE_CHANNEL("its input x is (any, 1, 32, 32), neither (B, 3, H, W) nor (B, H, W, 3)") {
      @Override
      ModelProto.Builder model() throws IOException {
        return withInput(-1, 1, 32, 32);
      }
    },
    NO_IMAGE("its input x is (any, 3072), neither") {
      @Override
      ModelProto.Builder model() throws IOException {
        return withInput(-1, 3072);
      }
    },
    NOT_SQUARE("its images are 32 × 48, not square") {
      @Override
      ModelProto.Builder model() throws IOException {
        return withInput(-1, 3, 32, 48);
      }
    },
    ANY_SIZE("it takes images of any size: give --size") {
      @Override
      ModelProto.Builder model() throws IOException {
        return withInput(-1, 3, -1, -1);
      }
    },
    SEVERAL_INPUTS("it has 2 inputs [images, size], and a classifier of images has one") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().addInput(OnnxFiles.declared("size", OnnxFiles.FLOAT, 1));
        return model;
      }
    },
    SEVERAL_OUTPUTS("it has 2 outputs") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().addOutput(OnnxFiles.declared("more", OnnxFiles.FLOAT, 1));
        return model;
      }
    },
    BYTES("its input x is no tensor of floats") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().setInput(0, OnnxFiles.declared("x", 2, -1, 3, 32, 32));
        return model;
      }
    },
    MAPS_OF_FEATURES("its output logits is (any, 5, 7, 7), not (B, classes)") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().setOutput(0, OnnxFiles.declared("logits", 1, -1, 5, 7, 7));
        return model;
      }
    },
    FIXED_BATCH("its batch of (1) cannot be of any size. Export it with a free batch axis") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = OnnxFiles.redOrNot(1, "Identity", 1, 4, 4, 3);
        model.getGraphBuilder().getNodeBuilder(3).setOpType("Expand").addInput("one image");
        model
            .getGraphBuilder()
            .addInitializer(
                TensorProto.newBuilder()
                    .setName("one image")
                    .setDataType(7)
                    .addDims(2)
                    .addInt64Data(1)
                    .addInt64Data(2));
        model.getGraphBuilder().getNodeBuilder(1).setInput(0, "batch mean");
        model
            .getGraphBuilder()
            .addNode(
                1,
                OnnxFiles.node("ReduceMean", List.of("preamble/mean"), "batch mean")
                    .addAttribute(OnnxFiles.integers("axes", 0)));
        return model;
      }
    },
    HUGE_IMAGES("it takes images of 1048576 × 1048576, of at most 4096") {
      @Override
      ModelProto.Builder model() throws IOException {
        return withInput(-1, 3, 1 << 20, 1 << 20);
      }
    },
    MORE_CLASSES_THAN_NUMBERS("it has 4294967296 classes, of at most 1000000") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().setOutput(0, OnnxFiles.declared("logits", 1, -1, 1L << 32));
        return model;
      }
    },
    SOFTMAX_OF_NOTHING("cannot be imported: ") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Softmax");
        model.getGraphBuilder().getNodeBuilder(3).clearInput();
        return model;
      }
    },
    SOFTMAX_OVER_THE_BATCH("its batch of (any) cannot be of any size") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Softmax");
        model
            .getGraphBuilder()
            .getNodeBuilder(3)
            .addAttributeBuilder()
            .setName("axis")
            .setType(AttributeProto.AttributeType.INT)
            .setI(0);
        return model;
      }
    },
    SCORES_OF_BYTES("its last softmax or sigmoid is in bytes: quantise it without") {
      @Override
      ModelProto.Builder model() {
        return red("QLinearSoftmax");
      }
    },
    SCORES("gives scores that sum to 1, and no last softmax was found") {
      @Override
      ModelProto.Builder model() {
        return OnnxFiles.behind(red("Softmax"), "Abs");
      }
    },
    NO_NUMBERS("gives a logit that is no finite number (NaN) for an image of noise") {
      @Override
      ModelProto.Builder model() {
        return red("Log");
      }
    },
    NO_RUN("does not run on one image of 4 × 4 (its batch is (any)): ") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Reshape");
        model.getGraphBuilder().getNodeBuilder(3).addInput("five images");
        model
            .getGraphBuilder()
            .addInitializer(
                TensorProto.newBuilder()
                    .setName("five images")
                    .setDataType(7)
                    .addDims(2)
                    .addInt64Data(5)
                    .addInt64Data(2));
        return model;
      }
    },
    SPARSE_WEIGHTS("it has sparse weights") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Identity");
        model.getGraphBuilder().addSparseInitializerBuilder();
        return model;
      }
    },
    OWN_MODEL("it was written by `vmoe model import`") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.addMetadataPropsBuilder().setKey("vmoe.name").setValue("mine");
        return model;
      }
    },
    UNKNOWN_OPERATOR("cannot be imported: ") {
      @Override
      ModelProto.Builder model() throws IOException {
        ModelProto.Builder model = OnnxFiles.exported("mobilenet");
        model.getGraphBuilder().getNodeBuilder(3).setOpType("Unheard");
        return model;
      }
    };

    final String message;

    Refused(String message) {
      this.message = message;
    }

    abstract ModelProto.Builder model() throws IOException;

    static ModelProto.Builder red(String last) {
      return OnnxFiles.redOrNot(OnnxFiles.FLOAT, last, -1, 4, 4, 3);
    }

    static ModelProto.Builder withInput(long... shape) throws IOException {
      ModelProto.Builder model = OnnxFiles.exported("mobilenet");
      model.getGraphBuilder().setInput(0, OnnxFiles.declared("x", OnnxFiles.FLOAT, shape));
      return model;
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldRefuseWhatItCannotServe(Refused refused) throws IOException {
    assertRefused(OnnxFiles.write(refused.model(), folder.resolve("in.onnx")), refused.message);
  }

  private void assertRefused(Path source, String message) {
    assertThatThrownBy(() -> write(source, 0, IMAGENET))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(source.toString())
        .hasMessageContaining(message);
    assertThat(out()).doesNotExist();
    assertThat(folder.resolve("out.onnx.part")).doesNotExist();
  }

  @Test
  void shouldRefuseFilesThatAreNoOnnxModels() throws IOException {
    byte[] whole = Files.readAllBytes(OnnxFiles.EXPORTED.resolve("mobilenet.onnx"));
    Path file = folder.resolve("in.onnx");
    assertRefused(Files.write(file, new byte[0]), "is no ONNX file");
    assertRefused(Files.write(file, new byte[] {'P', 'K', 3, 4, 20, 0}), "is no ONNX file");
    assertRefused(
        Files.write(file, ByteString.copyFrom(whole).substring(0, 40_000).toByteArray()),
        "is no ONNX file");
    assertRefused(
        Files.write(file, new byte[] {(byte) 0x80, 2, '}', 'q', 0, '.'}), "is no ONNX file");
  }

  @ParameterizedTest
  @CsvSource({
    "weights.bin, true, 'holds 10 bytes, and '",
    "none.bin, false, none.bin does not exist: put it beside the model",
    "../weights.bin, false, names '../weights.bin' as the file of its weights: outside",
  })
  void shouldRefuseWeightsThatAreNotBesideTheFile(String location, boolean cut, String message)
      throws IOException {
    ModelProto.Builder model = OnnxFiles.exported("mobilenet");
    Path data = folder.resolve("weights.bin");
    Path source =
        OnnxFiles.write(OnnxFiles.withDataFile(model, data, location), folder.resolve("in.onnx"));
    if (cut) {
      Files.write(data, new byte[10]);
    }
    assertRefused(source, message);
  }

  @Test
  void shouldNotTakeAnotherNumberOfLabelsOrAnotherSize() {
    Path source = OnnxFiles.EXPORTED.resolve("mobilenet.onnx");
    assertThatThrownBy(
            () -> OnnxImport.write(source, options(0, List.of("a", "b")), PLAIN, guessed, out()))
        .hasMessageContaining("2 class names for a model of 5 classes");
    assertThatThrownBy(() -> write(source, 64, PLAIN))
        .hasMessageContaining("it takes images of 32 × 32, not of 64");
  }
}
