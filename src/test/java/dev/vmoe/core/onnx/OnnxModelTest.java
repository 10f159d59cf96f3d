package dev.vmoe.core.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.vmoe.core.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OnnxModelTest {

  private static final OrtEnvironment ENVIRONMENT =
      OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR);

  @TempDir Path folder;

  /** 3 · x + weight, with two rows of weights. */
  private static OnnxModel model() {
    GraphBuilder graph = new GraphBuilder("affine");
    Extent rows = Extent.named("rows");
    Value x = graph.input("x", DataType.FLOAT, rows, Extent.of(2));
    Value weight = graph.constant("weight", Tensor.of(new float[] {10, 20}, 2));
    graph.output("y", x.times(graph.real(3)).plus(weight), DataType.FLOAT, rows, Extent.of(2));
    return new OnnxModel(graph, Map.of("greeting", "hello"));
  }

  @ParameterizedTest
  @ValueSource(longs = {OnnxModel.INLINE_BYTES, 8, 7})
  void shouldWriteAFileThatRuns(long inlineBytes) throws IOException, OrtException {
    Path file = folder.resolve("model.onnx");
    model().write(file, inlineBytes);
    assertThat(Files.exists(folder.resolve("model.onnx.data"))).isEqualTo(inlineBytes < 8);
    try (OrtSession session = ENVIRONMENT.createSession(file.toString());
        OnnxTensor x = OnnxTensor.createTensor(ENVIRONMENT, new float[][] {{1, 2}, {3, 4}});
        OrtSession.Result result = session.run(Map.of("x", x))) {
      assertThat((float[][]) result.get(0).getValue())
          .isDeepEqualTo(new float[][] {{13, 26}, {19, 32}});
      assertThat(session.getMetadata().getCustomMetadata()).containsEntry("greeting", "hello");
    }
    assertThat(ModelFile.metadata(file)).containsEntry("greeting", "hello");
    ModelFile.requireWeights(file);
  }

  @Test
  void shouldRunAfterItsFolderWasMoved() throws IOException, OrtException {
    Path made = Files.createDirectory(folder.resolve("made"));
    model().write(made.resolve("model.onnx"), 0);
    Path moved = Files.move(made, folder.resolve("moved")).resolve("model.onnx");
    ModelFile.requireWeights(moved);
    ENVIRONMENT.createSession(moved.toString()).close();
  }

  @Test
  void shouldStartEachWeightAtAPage() throws IOException {
    GraphBuilder graph = new GraphBuilder("two");
    Value first = graph.constant("first", Tensor.of(new float[] {1, 2}, 2));
    Value second = graph.constant("second", Tensor.of(new float[] {3, 4}, 2));
    graph.output("y", first.plus(second), DataType.FLOAT, Extent.of(2));
    Path file = folder.resolve("model.onnx");
    new OnnxModel(graph, Map.of()).write(file, 0);
    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    assertThat(model.getGraph().getInitializerList())
        .extracting(weight -> weight.getExternalData(1).getValue())
        .containsExactly("0", "4096");
  }

  @Test
  void shouldSayWhichFileOfWeightsIsMissing() throws IOException {
    Path file = folder.resolve("model.onnx");
    model().write(file, 0);
    Path data = folder.resolve("model.onnx.data");
    Files.delete(data);
    assertThatThrownBy(() -> ModelFile.requireWeights(file))
        .isInstanceOf(IOException.class)
        .hasMessage(
            file
                + " has its weights in a second file, and "
                + data
                + " cannot be read: put it beside the model, under the name it was written with");
  }

  @Test
  void shouldSayThatTheWeightsAreCutOrAnotherModels() throws IOException {
    Path file = folder.resolve("model.onnx");
    model().write(file, 0);
    Path data = folder.resolve("model.onnx.data");
    byte[] bytes = Files.readAllBytes(data);
    Files.write(data, Arrays.copyOf(bytes, bytes.length - 1));
    assertThatThrownBy(() -> ModelFile.requireWeights(file))
        .hasMessageStartingWith(data + " has 39 bytes, but " + file + " was written with 40 bytes");
    bytes[bytes.length - 1]++;
    Files.write(data, bytes);
    assertThatThrownBy(() -> ModelFile.requireWeights(file))
        .hasMessageStartingWith(data + " holds other weights than " + file);
  }

  @Test
  void shouldLeaveNoFilesButTheModels() throws IOException {
    model().write(folder.resolve("model.onnx"), 0);
    model().write(folder.resolve("model.onnx"), 0);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("model.onnx", "model.onnx.data");
    }
  }

  @Test
  void shouldSayThatAFileIsNoModel() throws IOException {
    Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> ModelFile.metadata(junk))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(junk + " is no ONNX file: ");
  }

  @Test
  void shouldWriteTheSameBytesEachTime() throws IOException {
    Path first = folder.resolve("first.onnx");
    Path second = folder.resolve("second.onnx");
    model().write(first);
    model().write(second);
    assertThat(first).hasSameBinaryContentAs(second);
  }
}
