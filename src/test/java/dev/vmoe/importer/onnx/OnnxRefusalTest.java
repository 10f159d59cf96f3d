package dev.vmoe.importer.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** ONNX files that no model can be made of are refused with the reason. */
class OnnxRefusalTest extends OnnxImportFixture {

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
    CHANNELS_LAST_AND_UNDECLARED("Incompatible dimensions") {
      @Override
      ModelProto.Builder model() {
        return OnnxFiles.redOrNot(OnnxFiles.FLOAT, "Softmax", -1, -1, 4, 4);
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
    SOFTMAX_OF_GROUPS("its scores are not the softmax of all 4 logits, such as [0.") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Concat");
        model
            .getGraphBuilder()
            .getNodeBuilder(3)
            .clearInput()
            .addInput("logits")
            .addInput("logits")
            .setOutput(0, "four")
            .addAttribute(integer("axis", 1));
        return scoresOfGroups(model, "four", 4);
      }
    },
    SOFTMAX_OF_SINGLE_CLASSES(
        "its scores are not the softmax of all 2 logits, such as [1.0, 1.0], not") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = red("Identity");
        model.getGraphBuilder().removeNode(3);
        return scoresOfGroups(model, "logits", 2);
      }
    },
    SCORES_AS_WHOLE_NUMBERS("its scores are not the sigmoid of all 2 logits") {
      @Override
      ModelProto.Builder model() {
        ModelProto.Builder model = OnnxFiles.behind(red("Sigmoid"), "Cast", "Cast");
        model.getGraphBuilder().getNodeBuilder(4).addAttribute(integer("to", 7));
        model.getGraphBuilder().getNodeBuilder(5).addAttribute(integer("to", 1));
        return model;
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

    static AttributeProto.Builder integer(String name, long value) {
      return AttributeProto.newBuilder()
          .setName(name)
          .setType(AttributeProto.AttributeType.INT)
          .setI(value);
    }

    /** Ends a model with a softmax over each pair of classes, or over each class alone. */
    static ModelProto.Builder scoresOfGroups(ModelProto.Builder model, String logits, int classes) {
      model
          .getGraphBuilder()
          .addNode(OnnxFiles.node("Reshape", List.of(logits, "groups"), "pairs"))
          .addNode(
              OnnxFiles.node("Softmax", List.of("pairs"), "parts").addAttribute(integer("axis", 2)))
          .addNode(OnnxFiles.node("Flatten", List.of("parts"), "scores"))
          .addInitializer(
              TensorProto.newBuilder()
                  .setName("groups")
                  .setDataType(7)
                  .addDims(3)
                  .addInt64Data(-1)
                  .addInt64Data(2)
                  .addInt64Data(classes / 2))
          .setOutput(0, OnnxFiles.declared("scores", OnnxFiles.FLOAT, -1, classes));
      return model;
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
    assertThat(folder.resolve("out.onnx.scores.part")).doesNotExist();
  }

  @Test
  void shouldRefuseFilesThatAreNoOnnxModels() throws IOException {
    byte[] whole = Files.readAllBytes(OnnxFiles.EXPORTED.resolve("mobilenet.onnx"));
    Path file = folder.resolve("in.onnx");
    assertRefused(Files.write(file, new byte[0]), "is no ONNX file");
    assertRefused(
        Files.write(file, new byte[] {'P', 'K', 3, 4, 20, 0}),
        "is a zip of pickles, as PyTorch writes it");
    assertRefused(
        Files.write(file, ByteString.copyFrom(whole).substring(0, 40_000).toByteArray()),
        "is no ONNX file");
    assertRefused(
        Files.write(file, new byte[] {(byte) 0x80, 2, '}', 'q', 0, '.'}),
        "is a pickle, as PyTorch writes it");
  }

  @Test
  void shouldNameWhatStandsInPlaceOfAnOnnxFile() throws IOException {
    Path file = folder.resolve("in.onnx");
    assertRefused(
        Files.writeString(file, "version https://git-lfs.github.com/spec/v1\noid sha256:0"),
        "is a Git LFS pointer, not the file itself: run `git lfs pull`");
    assertRefused(Files.writeString(file, "<!doctype html>"), "is a web page, not a model");
    assertRefused(folder, "is a folder: give the file in it");
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
