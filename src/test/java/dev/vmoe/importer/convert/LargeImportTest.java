package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.vmoe.core.model.GraphRun;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.lab.bench.Variant;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * Imports at true sizes: minutes, and 10 GB of disk. {@code mvn test -Dtest=LargeImportTest
 * -Dvmoe.large=true}
 */
@EnabledIfSystemProperty(named = "vmoe.large", matches = "true")
class LargeImportTest {

  private static final long GIB = 1L << 30;

  @TempDir private Path folder;

  @Test
  void shouldImportATrainStateOfB16WithAFifthMoreMemoryThanItsModel() throws Exception {
    Path prefix = folder.resolve("state");
    long model =
        ImportProcess.run(2 * GIB, folder, "state", prefix.toString(), "B/16")
            .number("model_bytes");
    Path file = folder.resolve("m.onnx");

    ImportProcess.Outcome imported =
        ImportProcess.run(model * 6 / 5, folder, "import", prefix.toString(), file.toString());

    System.out.printf("B/16: model of %d bytes, %s%n", model, imported.output());
    assertThat(imported.exitCode()).as(imported.output()).isZero();
    assertThat(imported.number("peak_rss_kib") * 1024).isLessThan(2 * model);
    assertThat(imported.number("read_bytes")).isLessThan(model * 6 / 5);
    run(file, Variant.B16_EVERY_2.architecture());
  }

  @Test
  void shouldRunAModelOfMoreThanTwoGibibytes() throws Exception {
    Path made = Files.createDirectory(folder.resolve("made"));
    ImportProcess.Outcome outcome =
        ImportProcess.run(4 * GIB, folder, "random", made + "/m.onnx", "large");
    System.out.printf("H/14 with 4 experts: %s%n", outcome.output());
    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
    Path file = Files.move(made, folder.resolve("moved")).resolve("m.onnx");
    ModelFile.requireWeights(file);
    assertThat(Files.size(folder.resolve("moved/m.onnx.data"))).isGreaterThan(3 * GIB);

    ModelProto model = ModelProto.parseFrom(Files.readAllBytes(file));
    long last =
        model.getGraph().getInitializerList().stream()
            .filter(weight -> weight.getDataLocation() == TensorProto.DataLocation.EXTERNAL)
            .mapToLong(weight -> Long.parseLong(weight.getExternalData(1).getValue()))
            .max()
            .orElseThrow();
    assertThat(last).isGreaterThan(3 * GIB);
    run(file, ImportProcess.LARGE);
  }

  private static void run(Path file, VmoeArchitecture a) {
    byte[] images = new byte[2 * a.imageSize() * a.imageSize() * 3];
    new Random(3).nextBytes(images);
    float[] priority = {1, 1};
    try (GraphRun graph = GraphRun.of(file)) {
      GraphRun.Outputs outputs =
          graph.run(
              new GraphRun.Inputs()
                  .images(images, 2, a.imageSize())
                  .routing(1000, 2, Routing.BATCH_PRIORITY, priority));
      float[] logits = outputs.floats(GraphOutput.LOGITS);
      assertThat(logits).hasSize(2 * a.numClasses());
      double[] squares = IntStream.range(0, logits.length).mapToDouble(i -> logits[i]).toArray();
      // random kernels keep the variance of what goes through: logits of weights read from the
      // wrong place would be none, or huge
      assertThat(Math.sqrt(Arrays.stream(squares).map(x -> x * x).average().orElseThrow()))
          .isBetween(0.2, 5.0);
      assertThat(Arrays.stream(outputs.ints(GraphOutput.ASSIGNED)).sum())
          .isEqualTo(2 * a.tokensPerImage() * 2 * a.moeBlocks().size());
    }
  }
}
