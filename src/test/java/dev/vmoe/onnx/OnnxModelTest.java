package dev.vmoe.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
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
    Value x = graph.input("x", ElementType.FLOAT, rows, Extent.of(2));
    Value weight = graph.constant("weight", Tensor.of(new float[] {10, 20}, 2));
    graph.output("y", x.times(graph.real(3)).plus(weight), ElementType.FLOAT, rows, Extent.of(2));
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
    assertThat(OnnxModel.metadata(file)).isEqualTo(Map.of("greeting", "hello"));
  }

  @Test
  void shouldSayThatAFileIsNoModel() throws IOException {
    Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> OnnxModel.metadata(junk))
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
