package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.checkpoint.CheckpointReader;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.inference.Device;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.model.Form;
import dev.vmoe.model.Target;
import dev.vmoe.model.VmoeGraph;
import dev.vmoe.modelstore.BundledModels;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.onnx.OnnxModel;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands that need a model and no Kafka, on the bundled model and images. */
class ModelCommandsTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String CHECKPOINT =
      Path.of(System.getProperty("vmoe.home"), "src/models/fashion-mnist/vmoe/checkpoint")
          .toString();

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @Test
  void shouldImportCheckpointAndTellWhatIsInTheFile() throws Exception {
    String graph = folder.resolve("m.onnx").toString();

    assertThat(importModel(graph)).isZero();
    assertThat(run("model", "info", graph, "--json")).isZero();

    JsonNode card = JSON.readTree(lines().get(1));
    assertThat(card.get("name").asText()).isEqualTo("fashion-mnist-vmoe");
    assertThat(card.get("num_experts").asInt()).isEqualTo(8);
    assertThat(card.get("experts_per_token").asInt()).isEqualTo(2);
    assertThat(card.get("classes")).hasSize(10);
    assertThat(card.get("weights_hash").asText()).matches("[0-9a-f]{64}");
    assertThat(card.has("runtime")).isFalse();
  }

  @Test
  void shouldSayWhatAModelRunsOn() throws Exception {
    String graph = folder.resolve("m.onnx").toString();
    assertThat(importModel(graph)).isZero();

    assertThat(run("model", "info", graph, "--device", "cpu", "--json")).isZero();
    JsonNode card = JSON.readTree(lines().get(1));
    assertThat(card.get("device").asText()).isEqualTo("cpu");
    assertThat(card.get("runtime").asText())
        .matches("ONNX Runtime \\d+\\.\\S+, CPUExecutionProvider");
    assertThat(run("model", "info", graph, "--device", "gpu")).isNotZero();
    assertThat(err.toString()).contains("is none of auto, cpu, cuda, cuda:N");
  }

  @Test
  void shouldImportInBytesAndSaySo() throws Exception {
    String graph = folder.resolve("m.onnx").toString();

    assertThat(importModel(graph, "--precision", "int8")).isZero();

    assertThat(lines().get(0)).endsWith(", int8");
  }

  @Test
  void shouldRefuseAPrecisionThatIsNotForTheTarget() {
    String graph = folder.resolve("m.onnx").toString();

    assertThat(importModel(graph, "--precision", "fp16")).isEqualTo(2);

    assertThat(err.toString()).contains("precision fp16 is not for target cpu", "int8 for cpu");
    assertThat(Path.of(graph)).doesNotExist();
  }

  @Test
  void shouldLetOptionsWinOverTheDescriptionBesideTheCheckpoint() throws Exception {
    String graph = folder.resolve("m.onnx").toString();
    Path classes = folder.resolve("classes.txt");
    Files.write(classes, List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"));

    assertThat(
            importModel(
                graph,
                "--name",
                "mine",
                "--classes",
                classes.toString(),
                "--activation",
                "sigmoid",
                "--resize",
                "area",
                "--experts-per-token",
                "1"))
        .isZero();
    assertThat(run("model", "info", graph, "--json")).isZero();

    JsonNode card = JSON.readTree(lines().get(1));
    assertThat(card.get("name").asText()).isEqualTo("mine");
    assertThat(card.get("classes").get(9).asText()).isEqualTo("j");
    assertThat(card.get("softmax").asBoolean()).isFalse();
    assertThat(card.get("resize").asText()).isEqualTo("area");
    assertThat(card.get("experts_per_token").asInt()).isEqualTo(1);
  }

  @Test
  void shouldSayWhatIsWrongWithAModelFile() throws Exception {
    Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
    Path empty = Files.createFile(folder.resolve("empty.onnx"));

    assertThat(run("model", "info", folder + "/none.onnx")).isEqualTo(VmoeCommand.FAILED);
    assertThat(run("model", "info", junk.toString())).isEqualTo(VmoeCommand.FAILED);
    assertThat(run("model", "info", empty.toString())).isEqualTo(VmoeCommand.FAILED);

    assertThat(err.toString().lines())
        .anyMatch(line -> line.equals("vmoe: " + folder + "/none.onnx does not exist"))
        .anyMatch(line -> line.startsWith("vmoe: " + junk + " is no ONNX file: "))
        .anyMatch(
            line -> line.equals("vmoe: " + empty + ": model file has no metadata entry vmoe.name"));
  }

  @Test
  void shouldListTheModelsOfAFolderAndWhatIsWrongWithThem() throws Exception {
    Path good = Files.createDirectories(folder.resolve("good")).resolve("model.onnx");
    Files.write(
        Files.createDirectories(folder.resolve("junk")).resolve("model.onnx"), new byte[] {1, 2});
    assertThat(run("model", "import", "--checkpoint", CHECKPOINT, "--out", good.toString()))
        .isZero();

    assertThat(run("model", "list", "--set", "models.dir=" + folder, "--json")).isZero();
    JsonNode first = JSON.readTree(lines().get(1));
    assertThat(first.get("name").asText()).isEqualTo("good");
    assertThat(first.get("file").asText()).isEqualTo(good.toString());
    assertThat(first.at("/card/num_experts").asInt()).isEqualTo(8);
    assertThat(first.get("quality_profile").asBoolean()).isFalse();
    JsonNode second = JSON.readTree(lines().get(2));
    assertThat(second.get("problem").asText()).contains("is no ONNX file");

    assertThat(run("model", "list", "--set", "models.dir=" + folder)).isZero();
    assertThat(out.toString())
        .containsPattern("good +fashion-mnist-vmoe +[0-9a-f]{12} +28 x 28 +10 +8 in . layers +2")
        .containsPattern("junk +cannot be used: ")
        .contains("2 models in " + folder);
    assertThat(run("model", "list", "--set", "models.dir=" + folder.resolve("none")))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("models.dir: no folder");
  }

  @Test
  void shouldImportForAnotherImageSize() throws Exception {
    String graph = folder.resolve("m.onnx").toString();
    Path red = plain("red.png", Color.RED);

    assertThat(importModel(graph, "--image-size", "40")).isZero();
    assertThat(lines().get(0)).contains("patches of 4 in 40×40");
    assertThat(run("predict", "--json", "--logits", "--model", graph, red.toString())).isZero();
    assertThat(JSON.readTree(lines().get(1)).get("logits")).hasSize(10);

    assertThat(importModel(graph, "--image-size", "30")).isNotZero();
    assertThat(err.toString())
        .contains("image size 30 is no multiple of the patch size 4: 32 would be one");
  }

  @Test
  void shouldNameTheMissingFileOfWeights() throws Exception {
    Path graph = folder.resolve("m.onnx");
    Path data = folder.resolve("m.onnx.data");
    importModel(graph.toString());
    VmoeGraph.of(
            CheckpointReader.read(Path.of(CHECKPOINT)),
            Form.of(Target.CPU),
            OnnxModel.metadata(graph))
        .write(graph, 0);
    String image = plain("red.png", Color.RED).toString();
    assertThat(run("predict", "--model", graph.toString(), image)).isZero();
    Files.delete(data);

    assertThat(run("predict", "--model", graph.toString(), image)).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString())
        .contains("vmoe: " + graph + " has its weights in a second file, and " + data);
  }

  @Test
  void shouldNameTheMissingCheckpoint() {
    assertThat(
            run("model", "import", "--checkpoint", folder + "/none", "--out", folder + "/m.onnx"))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("none").doesNotContain("\tat ");
    assertThat(folder.resolve("m.onnx")).doesNotExist();
  }

  @Test
  void shouldAnswerEveryFileOfABatchAndNameTheBrokenOne() throws Exception {
    List<LabelledImage> images = BundledModels.testImages(List.of()).subList(0, 5);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "predict", "--json", "--logits", "--capacity-ratio", "0.5", "--routing", "bpr"));
    for (LabelledImage image : images) {
      Path file = folder.resolve("image-" + arguments.size() + ".png");
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
      assertThat(answer.get("logits")).hasSize(10);
      assertThat(answer.get("assigned")).hasSize(4).allMatch(layer -> sum(layer) == 50 * 2);
      assertThat(answer.get("dispatched").get(0)).hasSize(8);
      dispatched += sum(answer.get("dispatched").get(0));
    }
    // 5 images, C = ceil(250 * 2 * 0.5 / 8) = 32 slots: the broken file competes for none
    assertThat(dispatched).isLessThanOrEqualTo(8 * 32).isGreaterThan(8 * 32 / 2);
  }

  @Test
  void shouldTellRedFromBlue() throws Exception {
    Path red = plain("red.png", Color.RED);
    Path blue = plain("blue.png", Color.BLUE);

    assertThat(run("predict", "--json", "--logits", red.toString(), blue.toString())).isZero();

    JsonNode ofRed = JSON.readTree(lines().get(0)).get("logits");
    JsonNode ofBlue = JSON.readTree(lines().get(1)).get("logits");
    double apart = 0;
    for (int i = 0; i < 10; i++) {
      apart = Math.max(apart, Math.abs(ofRed.get(i).asDouble() - ofBlue.get(i).asDouble()));
    }
    assertThat(apart).isGreaterThan(0.01);

    // and red is what the model gets as (255, 0, 0)
    ByteBuffer buffer = ByteBuffer.allocateDirect(28 * 28 * 3);
    for (int pixel = 0; pixel < 28 * 28; pixel++) {
      buffer.put(pixel * 3, (byte) 255);
    }
    try (VmoeSession session =
        VmoeSession.open(BundledModels.vmoe(), SessionSettings.on(Device.CPU))) {
      float[] logits =
          session.classify(buffer, 1, new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY))
              .logits()[0];
      assertThat(run("predict", "--json", "--logits", red.toString())).isZero();
      JsonNode alone = JSON.readTree(lines().get(2)).get("logits");
      for (int i = 0; i < 10; i++) {
        assertThat(alone.get(i).asDouble()).isCloseTo(logits[i], within(1e-4));
      }
    }
  }

  @Test
  void shouldMeasureWhatPriorityIsWorth() throws Exception {
    Path csv = folder.resolve("priority.csv");
    Path json = folder.resolve("priority.json");

    assertThat(
            run(
                "bench",
                "priority",
                "--limit",
                "70",
                "--ratios",
                "0.25",
                "--csv",
                csv.toString(),
                "--json",
                json.toString()))
        .isZero();

    assertThat(Files.readAllLines(csv)).hasSize(6).first().asString().startsWith("images,K,ratio");
    JsonNode rows = JSON.readTree(json.toFile()).get("rows");
    JsonNode equal = rows.get(2);
    JsonNode prioritised = rows.get(3);
    JsonNode others = rows.get(4);
    assertThat(prioritised.get("images").asInt()).isEqualTo(70);
    // every first choice and few second ones, out of slots that the others then lack
    assertThat(prioritised.get("processed_share").asDouble()).isBetween(.49, .6);
    assertThat(prioritised.get("skipped_share").asDouble()).isLessThan(.02);
    assertThat(others.get("processed_share").asDouble())
        .isLessThan(equal.get("processed_share").asDouble());
    assertThat(run("bench", "priority", "--priority", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("priority 0.0 is outside 0.01 to 100.0");
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
  void shouldRefuseNumbersBelowOneBeforeAnyWork() {
    assertThat(run("evaluate", "--batch", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("demo", "--images", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(run("bench", "pipeline", "--rounds", "0")).isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString()).contains("--batch 0", "--images 0", "--rounds 0");
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
  void shouldEvaluateLabelledFolderBesideTheTwin() throws Exception {
    List<String> names =
        List.of("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat")
            .subList(1, 5); // one name has a slash, which no folder can have
    int written = 0;
    for (LabelledImage image : BundledModels.testImages(classes()).subList(0, 60)) {
      if (names.contains(image.label())) {
        Path file = folder.resolve(image.label()).resolve(written++ + ".png");
        Files.createDirectories(file.getParent());
        Files.write(file, image.encoded());
      }
    }
    Path json = folder.resolve("result/evaluation.json");
    Path csv = folder.resolve("evaluation.csv");

    assertThat(
            run(
                "evaluate",
                "--images",
                folder.toString(),
                "--ratios",
                "1.05,0.5",
                "--routing",
                "bpr",
                "--csv",
                csv.toString(),
                "--json",
                json.toString()))
        .isZero();

    JsonNode result = JSON.readTree(json.toFile());
    assertThat(result.get("images").asInt()).isEqualTo(written);
    assertThat(result.get("rows")).hasSize(1 + 2 * 2);
    assertThat(result.get("rows").get(0).get("dense").asBoolean()).isTrue();
    assertThat(result.get("rows").get(1).get("accuracy").asDouble()).isGreaterThan(0.7);
    assertThat(Files.readAllLines(csv)).hasSize(6);
    assertThat(lines().get(0)).contains("ratio", "accuracy", "ms_per_image");
  }

  @Test
  void shouldNameTheLabelThatIsNoClass() throws IOException {
    Files.createDirectories(folder.resolve("unicorn"));
    Files.copy(plain("red.png", Color.RED), folder.resolve("unicorn/1.png"));

    assertThat(run("evaluate", "--images", folder.toString())).isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString()).contains("unicorn", "Ankle boot");
  }

  private static List<String> classes() {
    return List.of(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot");
  }

  private Path plain(String name, Color color) throws IOException {
    BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setColor(color);
    graphics.fillRect(0, 0, 40, 30);
    graphics.dispose();
    Path file = folder.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file;
  }

  private static long sum(JsonNode numbers) {
    long sum = 0;
    for (JsonNode number : numbers) {
      sum += number.asLong();
    }
    return sum;
  }

  private List<String> lines() {
    return out.toString().lines().toList();
  }

  private int importModel(String graph, String... options) {
    List<String> all =
        new ArrayList<>(List.of("model", "import", "--checkpoint", CHECKPOINT, "--out", graph));
    all.addAll(List.of(options));
    return run(all.toArray(String[]::new));
  }

  private int run(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out), new PrintWriter(err), null)
        .execute(arguments);
  }
}
