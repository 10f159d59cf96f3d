package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeGraph;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import java.awt.Color;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code vmoe predict} on the bundled model and images. */
class PredictCommandTest extends ModelCommands {

  @Test
  void shouldAnswerEveryFileOfABatchAndNameTheBrokenOne() throws Exception {
    List<LabelledImage> images = BundledImages.all().subList(0, 5);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "predict", "--json", "--logits", "--capacity-ratio", "0.5", "--routing", "bpr"));
    for (LabelledImage image : images) {
      Path file = folder.resolve("image-" + arguments.size() + ".jpg");
      Files.write(file, image.encoded());
      arguments.add(file.toString());
    }
    Path broken = folder.resolve("broken.png");
    Files.write(broken, new byte[] {1, 2, 3});
    arguments.add(9, broken.toString());

    assertThat(run(arguments.toArray(String[]::new))).isEqualTo(VmoeCommand.FAILED);

    List<JsonNode> answers = new ArrayList<>();
    for (String line : lines()) {
      answers.add(JSON.readTree(line));
    }
    assertThat(answers).hasSize(6);
    assertThat(answers.get(2).get("file").asText()).isEqualTo(broken.toString());
    assertThat(answers.get(2).get("error").asText()).contains("not an image");
    assertThat(answers.get(2).has("top")).isFalse();
    answers.remove(2);
    long dispatched = 0;
    for (JsonNode answer : answers) {
      assertThat(answer.get("top")).hasSize(5);
      assertThat(answer.get("top").get(0).get("score").asDouble())
          .isGreaterThanOrEqualTo(answer.get("top").get(1).get("score").asDouble());
      assertThat(answer.get("logits")).hasSize(3260);
      assertThat(answer.get("assigned")).hasSize(2).allMatch(layer -> sum(layer) == 36 * 2);
      assertThat(answer.get("dispatched").get(0)).hasSize(8);
      dispatched += sum(answer.get("dispatched").get(0));
    }
    // 5 images, C = ceil(180 * 2 * 0.5 / 8) = 23, up to 24 slots: the broken file competes for none
    assertThat(dispatched).isLessThanOrEqualTo(8 * 24).isGreaterThan(8 * 24 / 2);
  }

  @Test
  void shouldPrintATableForPeople() throws Exception {
    String file = BundledImages.example().toString();
    Path broken = folder.resolve("broken.png");
    Files.write(broken, new byte[] {1, 2, 3});

    assertThat(run("predict", file, broken.toString())).isEqualTo(VmoeCommand.FAILED);

    assertThat(lines()).hasSize(8).startsWith(file);
    assertThat(lines().get(1)).matches("  class {2,}share");
    assertThat(lines().get(2)).matches("  杭 {2,}9\\d\\.\\d%  #{36,40}");
    assertThat(lines().get(3)).matches("  \\S+ {2,}\\d\\.\\d%( {2}#{1,4})?");
    assertThat(lines().get(7)).startsWith(broken + ": not an image");
  }

  private static long sum(JsonNode numbers) {
    long sum = 0;
    for (JsonNode number : numbers) {
      sum += number.asLong();
    }
    return sum;
  }

  @Test
  void shouldTellRedFromBlue() throws Exception {
    Path red = plain("red.png", Color.RED);
    Path blue = plain("blue.png", Color.BLUE);

    assertThat(run("predict", "--json", "--logits", red.toString(), blue.toString())).isZero();

    JsonNode ofRed = JSON.readTree(lines().get(0)).get("logits");
    JsonNode ofBlue = JSON.readTree(lines().get(1)).get("logits");
    double apart = 0;
    for (int i = 0; i < 3260; i++) {
      apart = Math.max(apart, Math.abs(ofRed.get(i).asDouble() - ofBlue.get(i).asDouble()));
    }
    assertThat(apart).isGreaterThan(0.01);

    // and red is what the model gets as (255, 0, 0)
    ByteBuffer buffer = ByteBuffer.allocateDirect(48 * 48 * 3);
    for (int pixel = 0; pixel < 48 * 48; pixel++) {
      buffer.put(pixel * 3, (byte) 255);
    }
    try (VmoeSession session =
        VmoeSession.open(BundledModels.vmoe(), SessionSettings.on(Device.CPU))) {
      float[] logits =
          session.classify(buffer, 1, new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY))
              .logits()[0];
      assertThat(run("predict", "--json", "--logits", red.toString())).isZero();
      JsonNode alone = JSON.readTree(lines().get(2)).get("logits");
      for (int i = 0; i < 3260; i++) {
        assertThat(alone.get(i).asDouble()).isCloseTo(logits[i], within(1e-4));
      }
    }
  }

  @Test
  void shouldNotReadAFileLargerThanTheLimit() throws Exception {
    Path huge = folder.resolve("huge.png");
    try (RandomAccessFile file = new RandomAccessFile(huge.toFile(), "rw")) {
      file.setLength(5L * 1024 * 1024 * 1024); // sparse
    }
    Path red = plain("red.png", Color.RED);

    assertThat(run("predict", "--json", huge.toString(), red.toString()))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(JSON.readTree(lines().get(0)).get("error").asText())
        .contains("5368709120 bytes", "limit");
    assertThat(JSON.readTree(lines().get(1)).has("top")).isTrue();
  }

  @Test
  void shouldRefuseSettingsThatTheModelCannotRunWith() throws IOException {
    String file = plain("red.png", Color.RED).toString();
    assertThat(run("predict", "--experts-per-token", "3", file)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("predict", "--capacity-ratio", "-0.05", file)).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("predict", "--routing", "random", file)).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(line -> line.contains("experts per token 3 outside"))
        .anyMatch(line -> line.contains("capacity ratio -0.05 is not above 0"))
        .anyMatch(line -> line.contains("routing 'random' is neither bpr nor vanilla"));
  }

  @Test
  void shouldNameTheMissingFileOfWeights() throws Exception {
    Path graph = folder.resolve("m.onnx");
    Path data = folder.resolve("m.onnx.data");
    importModel(graph.toString());
    VmoeGraph.of(
            CheckpointReader.read(Path.of(CHECKPOINT)),
            Form.of(Target.CPU),
            ModelFile.metadata(graph))
        .write(graph, 0);
    String image = plain("red.png", Color.RED).toString();
    assertThat(run("predict", "--model", graph.toString(), image)).isZero();
    Files.delete(data);

    assertThat(run("predict", "--model", graph.toString(), image)).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString())
        .contains("vmoe: " + graph + " has its weights in a second file, and " + data);
  }
}
