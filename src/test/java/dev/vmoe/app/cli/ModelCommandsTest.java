package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.lab.ManyClasses;
import java.awt.Color;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code vmoe model}: import, info and list. */
class ModelCommandsTest extends ModelCommands {

  @Test
  void shouldImportCheckpointAndTellWhatIsInTheFile() throws Exception {
    String graph = folder.resolve("m.onnx").toString();

    assertThat(importModel(graph)).isZero();
    assertThat(run("model", "info", graph, "--json")).isZero();

    JsonNode card = JSON.readTree(lines().get(1));
    assertThat(card.get("name").asText()).isEqualTo("characters-vmoe-bpr");
    assertThat(card.get("num_experts").asInt()).isEqualTo(8);
    assertThat(card.get("experts_per_token").asInt()).isEqualTo(2);
    assertThat(card.get("classes")).hasSize(3260);
    assertThat(card.get("weights_hash").asText()).matches("[0-9a-f]{64}");
    assertThat(card.has("runtime")).isFalse();
  }

  @Test
  void shouldNotListThousandsOfClassesToPeople() throws Exception {
    Path graph = ManyClasses.model(folder.resolve("m.onnx"), "many", 7_845, false);

    assertThat(run("model", "info", graph.toString())).isZero();

    assertThat(lines())
        .anyMatch(line -> line.startsWith("classes: 7845, [\"一\",\"丁\",") && line.endsWith(",…]"))
        .anyMatch(line -> line.startsWith("groups: 7845, [\"group-0\","))
        .allMatch(line -> line.length() < 400);
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
    Files.write(classes, IntStream.range(0, 3260).mapToObj(i -> "class " + i).toList());

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
    assertThat(card.get("classes").get(9).asText()).isEqualTo("class 9");
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
        .containsPattern("good +characters-vmoe-bpr +[0-9a-f]{12} +48 x 48 +3260 +8 in 2 layers +2")
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
    assertThat(lines().get(0)).contains("patches of 8 in 40×40");
    assertThat(run("predict", "--json", "--logits", "--model", graph, red.toString())).isZero();
    assertThat(JSON.readTree(lines().get(1)).get("logits")).hasSize(3260);

    assertThat(importModel(graph, "--image-size", "30")).isNotZero();
    assertThat(err.toString())
        .contains("image size 30 is no multiple of the patch size 8: 32 would be one");
  }

  private int importOnnx(String... options) {
    String source =
        Path.of(System.getProperty("vmoe.home"), "src/test/resources/onnx/mobilenet.onnx")
            .toString();
    List<String> all =
        new ArrayList<>(
            List.of("model", "import", "--onnx", source, "--out", folder + "/onnx.onnx"));
    all.addAll(List.of(options));
    return run(all.toArray(String[]::new));
  }

  @Test
  void shouldImportAnOnnxClassifierAndPredictWithIt() throws Exception {
    Path labels = Files.writeString(folder.resolve("labels.txt"), "a\nb\nc\nd\ne\n");
    String mean = "0.485,0.456,0.406";
    String std = "0.229,0.224,0.225";

    assertThat(importOnnx("--mean", mean, "--std", std, "--size", "32", "--labels", "" + labels))
        .as(err.toString())
        .isZero();
    assertThat(err.toString())
        .contains("guessed, because no option and no file says it: resize bilinear, activation");
    Path red = plain("red.png", Color.RED);
    assertThat(run("predict", "--json", "--model", folder + "/onnx.onnx", red.toString())).isZero();

    assertThat(lines().get(0)).endsWith("operator set 11, channels first");
    JsonNode best = JSON.readTree(lines().get(1)).get("top");
    assertThat(best).hasSize(5);
    assertThat(best.get(0).get("label").asText()).matches("[a-e]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--std 1,1,1 | --onnx needs --mean and --std",
        "--mean 0,0,0 --std 1,1 | each needs three numbers",
        "--mean NaN,0,0 --std 1,1,1 | each must be a number",
        "--mean 0,0,0 --std 1,0,1 | each number must be above 0",
        "--mean 0,0,0 --std 1,1,1 --experts-per-token 2 | --experts-per-token is not for --onnx",
        "--mean 0,0,0 --std 1,1,1 --checkpoint x | --checkpoint is not for --onnx",
      })
  void shouldSayHowToImportAnOnnxClassifier(String options, String message) {
    assertThat(importOnnx(options.split(" "))).isEqualTo(2);
    assertThat(err.toString()).contains(message);
  }

  @Test
  void shouldLeaveAByteOrderMarkOutOfTheFirstName() throws Exception {
    Path labels = Files.writeString(folder.resolve("labels.txt"), "\ufeffa\nb\nc\nd\ne\n");
    assertThat(importOnnx("--mean", "0,0,0", "--std", "1,1,1", "--labels", "" + labels)).isZero();
    assertThat(run("model", "info", "--json", folder + "/onnx.onnx")).isZero();
    assertThat(JSON.readTree(lines().get(1)).get("classes").get(0).asText()).isEqualTo("a");
  }

  @Test
  void shouldSayWhatIsWrongWithAFileOfLabels() throws Exception {
    Path labels = Files.write(folder.resolve("labels.txt"), new byte[] {'a', (byte) 0xe4, '\n'});
    assertThat(importOnnx("--mean", "0,0,0", "--std", "1,1,1", "--labels", "" + labels))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(importOnnx("--mean", "0,0,0", "--std", "1,1,1", "--labels", "" + folder))
        .isEqualTo(VmoeCommand.FAILED);
    assertThat(err.toString())
        .contains(labels + " is no text in UTF-8: class names, one a line, are needed")
        .contains(folder + " is a folder: give a file of class names, one a line");
  }

  @Test
  void shouldSayWhereItCannotWrite() throws Exception {
    Path source =
        Files.copy(
            Path.of(System.getProperty("vmoe.home"), "src/test/resources/onnx/mobilenet.onnx"),
            folder.resolve("source.onnx"));
    byte[] before = Files.readAllBytes(source);

    assertThat(importOnnx(source, folder + "/none/m.onnx")).isEqualTo(VmoeCommand.USAGE);
    assertThat(importOnnx(source, folder.toString())).isEqualTo(VmoeCommand.USAGE);
    assertThat(importOnnx(source, folder + "/./source.onnx")).isEqualTo(VmoeCommand.USAGE);

    assertThat(err.toString())
        .contains("--out: folder " + folder + "/none does not exist")
        .contains("--out: " + folder + " is a folder: give the file to write")
        .contains("--out: " + folder + "/./source.onnx is the source itself: give another file");
    assertThat(source).hasBinaryContent(before);
  }

  private int importOnnx(Path source, String out) {
    return run(
        "model",
        "import",
        "--onnx",
        "" + source,
        "--out",
        out,
        "--mean",
        "0,0,0",
        "--std",
        "1,1,1");
  }

  @Test
  void shouldAskForASource() {
    assertThat(run("model", "import", "--out", folder + "/m.onnx")).isEqualTo(2);
    assertThat(err.toString()).contains("give --checkpoint or --onnx");
    assertThat(importModel(folder + "/m.onnx", "--mean", "0,0,0")).isEqualTo(2);
    assertThat(err.toString()).contains("--mean, --std and --scale are for --onnx");
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
  void shouldImportADenseModelAndSayWhatIsGuessed() throws Exception {
    String vits = System.getProperty("vmoe.home") + "/src/test/resources/parity/vits/";
    String graph = folder.resolve("m.onnx").toString();
    String torchvision = vits + "torchvision/model.safetensors";
    Path labels =
        Files.write(folder.resolve("l"), IntStream.range(0, 6).mapToObj(i -> "l" + i).toList());

    assertThat(
            run(
                "model",
                "import",
                "--checkpoint",
                torchvision,
                "--out",
                graph,
                "--heads",
                "3",
                "--activation",
                "softmax",
                "--labels",
                labels.toString()))
        .isZero();
    assertThat(err.toString().lines())
        .containsExactly(
            "vmoe: guessed, because no option and no file says it: layer norm epsilon 1.0E-6, GELU"
                + " in its erf form, resize pil-bilinear-shortest-22, mean [0.485, 0.456, 0.406],"
                + " std [0.229, 0.224, 0.225]");
    String red = plain("red.png", Color.RED).toString();
    assertThat(run("predict", "--json", "--logits", "--model", graph, red)).isZero();
    JsonNode answer = JSON.readTree(lines().get(1));
    assertThat(answer.get("logits")).hasSize(6);

    String described = vits + "hugging-face-vit/model.safetensors";
    err.getBuffer().setLength(0);
    assertThat(run("model", "import", "--checkpoint", described, "--out", graph)).isZero();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void shouldRefuseWhatIsNotThePreset() {
    String graph = folder.resolve("m.onnx").toString();
    assertThat(importModel(graph, "--preset", "vmoe_s32_last2_ilsvrc2012_randaug_medium"))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(importModel(graph, "--preset", "eee_s32_last2_ilsvrc2012"))
        .isEqualTo(VmoeCommand.USAGE);
    assertThat(err.toString().lines())
        .anyMatch(
            line ->
                line.startsWith("vmoe: preset vmoe_s32") && line.contains("; the checkpoint is"))
        .anyMatch(line -> line.startsWith("vmoe: eee_s32_last2_ilsvrc2012 is an ensemble (E³)"));
    assertThat(Path.of(graph)).doesNotExist();
  }
}
