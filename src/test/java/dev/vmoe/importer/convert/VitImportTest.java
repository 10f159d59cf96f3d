package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.GraphRun;
import dev.vmoe.core.model.Precision;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeGraph;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.checkpoint.Npz;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Dense ViTs in the files of their sources against what PyTorch said of them: {@code
 * src/training/export_vits.py} made files and answers.
 */
class VitImportTest {

  /** Another folder of that script, to compare with other shapes or seeds. */
  private static final Path VITS =
      Path.of(
          System.getProperty(
              "vmoe.vits",
              Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/parity/vits")
                  .toString()));

  /** Largest difference of two logits, as a part of the largest logit. */
  private static final double TOLERANCE = 1e-4;

  /** Heads of the case whose files do not say it. */
  private static final Map<String, Integer> HEADS = Map.of("torchvision", 3);

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "hugging-face-vit",
        "hugging-face-deit",
        "hugging-face-deit-alone",
        "timm-vit",
        "timm-deit",
        "torchvision",
        "augreg"
      })
  void shouldSayWhatItsSourceSays(String name) throws IOException {
    ParameterTree expected = Npz.read(VITS.resolve("expected.npz"));
    Tensor images = expected.get(name + "/images");
    byte[] bytes = new byte[images.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) images.at(i);
    }
    for (Target target : Target.values()) {
      ParameterTree parameters = source(name).parameters();
      try (GraphRun graph = GraphRun.of(VmoeGraph.of(parameters, Form.of(target), Map.of()))) {
        GraphRun.Outputs outputs =
            graph.run(new GraphRun.Inputs().images(bytes, images.extent(0), images.extent(1)));
        Tensor logits = expected.get(name + "/logits");
        assertThat(relativeDifference(outputs.floats(GraphOutput.LOGITS), logits))
            .as("logits for %s", target)
            .isLessThanOrEqualTo(TOLERANCE);
        float[] features = outputs.floats(GraphOutput.FEATURES);
        assertThat(relativeDifference(lastLayer(parameters, features), logits))
            .as("last layer of the features for %s", target)
            .isLessThanOrEqualTo(TOLERANCE);
      }
    }
  }

  /** Returns the logits of features, (B, F), of one token or of two. */
  private static float[] lastLayer(ParameterTree parameters, float[] features) {
    Tensor kernel = parameters.get("head/kernel"); // (F, classes)
    Tensor bias = parameters.get("head/bias");
    int length = kernel.extent(0);
    int classes = kernel.extent(1);
    float[] logits = new float[features.length / length * classes];
    for (int i = 0; i < logits.length; i++) {
      double sum = bias.at(i % classes);
      for (int j = 0; j < length; j++) {
        sum += features[i / classes * length + j] * kernel.at(j * classes + i % classes);
      }
      logits[i] = (float) sum;
    }
    return logits;
  }

  @ParameterizedTest
  @CsvSource({
    "hugging-face-vit, true, pil-bilinear, class 4, 24",
    "hugging-face-deit, true, pil-bicubic-square-18, 6, 16",
    "hugging-face-deit-alone, false, pil-bicubic-shortest-17, 3, 15",
    "timm-vit, true, pil-bicubic-shortest-23, 5, 21",
    "timm-deit, true, pil-bilinear-square-16, 2, 16",
    "torchvision, true, pil-bilinear-shortest-22, 5, 20",
    "augreg, true, bilinear, 4, 12"
  })
  void shouldDescribeTheModelAsTheFilesBesideItDo(
      String name, boolean softmax, String resize, String lastClass, int size) throws IOException {
    ImportSource source = source(name);
    ModelCard card = ModelImport.describe(source.parameters(), source.defaults(), Precision.FP32);
    assertThat(card.softmax()).isEqualTo(softmax);
    assertThat(card.resize()).isEqualTo(resize);
    assertThat(card.classes().get(card.classes().size() - 1)).isEqualTo(lastClass);
    assertThat(card.imageSize()).isEqualTo(size);
    assertThat(card.dense()).isTrue();
  }

  @Test
  void shouldSayWhatItGuessed() throws IOException {
    assertThat(source("hugging-face-vit").guessed()).isEmpty();
    assertThat(source("timm-vit").guessed()).isEmpty();
    assertThat(source("augreg").guessed()).containsOnlyKeys("activation", "resize");
    assertThat(source("torchvision").guessed())
        .containsOnlyKeys(
            "activation", "hidden_act", "image_mean", "image_std", "layer_norm_eps", "resize")
        .containsEntry("image_mean", "mean [0.485, 0.456, 0.406]");
  }

  private Path copy(String name) throws IOException {
    for (String file :
        new String[] {"model.safetensors", "config.json", "preprocessor_config.json"}) {
      Files.copy(VITS.resolve(name).resolve(file), folder.resolve(file));
    }
    return folder.resolve("model.safetensors");
  }

  /** What transformers takes where its file does not say it: 0.5, also for a DeiT. */
  @Test
  void shouldSayWhatAFileBesideAModelLeavesOut() throws IOException {
    Path model = copy("hugging-face-deit");
    Path file = folder.resolve("preprocessor_config.json");
    String text = Files.readString(file).replaceAll("\\s+", " ");
    Files.writeString(file, text.replace("image_mean", "mean").replace("\"resample\": 3,", ""));

    assertThat(ImportSource.of(model, CheckpointReader.read(model), null, 0).guessed())
        .containsOnly(
            Map.entry("image_mean", "mean [0.5, 0.5, 0.5]"),
            Map.entry("resize", "resize pil-bicubic-square-18"));
    Files.delete(file);
    assertThat(ImportSource.of(model, CheckpointReader.read(model), null, 0).guessed())
        .containsOnlyKeys("image_mean", "image_std", "resize")
        .containsEntry("image_mean", "mean [0.485, 0.456, 0.406]");
  }

  /** Older files have sizes as one number or as a list. */
  @ParameterizedTest
  @ValueSource(strings = {"24", "[24, 24]"})
  void shouldReadASizeOfOlderFiles(String size) throws IOException {
    Path model = copy("hugging-face-vit");
    Path file = folder.resolve("preprocessor_config.json");
    String text = Files.readString(file).replaceFirst("\\{\\s*\"height[^}]*}", size);
    Files.writeString(file, text);

    ImportSource source = ImportSource.of(model, CheckpointReader.read(model), null, 0);
    assertThat(source.defaults().resize().label()).isEqualTo("pil-bilinear");
    assertThat(source.guessed()).isEmpty();
  }

  @Test
  void shouldAskForTheHeadsOfAModelOfUnusualWidth() throws IOException {
    Path file = VITS.resolve("torchvision/model.safetensors");
    assertThatThrownBy(() -> ImportSource.of(file, CheckpointReader.read(file), null, 0))
        .hasMessage("nothing says how many attention heads a model of width 24 has: give --heads");
    assertThatThrownBy(() -> ImportSource.of(file, CheckpointReader.read(file), null, 5))
        .hasMessageContaining("width 24 is no multiple of 5 heads");
    Path npz = VITS.resolve("augreg/model.npz");
    assertThatThrownBy(() -> ImportSource.of(npz, CheckpointReader.read(npz), null, 4))
        .hasMessageContaining("--heads is for dense ViTs whose files do not say it");
  }

  /** What a file beside the model says wrongly or what cannot be done. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json | \"vit\" | \"swin\" | model_type 'swin' is neither vit nor deit",
        "config.json | \"gelu\" | \"relu\" | activation 'relu' is no GELU known",
        "config.json | \"3\": | \"7\": | class 3 of 5 has no name",
        "config.json | { | [ | no JSON",
        "config.json | { \"model | 3 { \"model | is not a JSON object",
        "config.json | \"layer_norm_eps\": 1e-12 | \"layer_norm_eps\": 0 | is not above 0",
        "preprocessor_config.json | \"resample\": 2 | \"resample\": 1 | resample 1 is neither 2",
        "preprocessor_config.json | \"height\": 24 | \"height\": 20 | is no square",
        "preprocessor_config.json | 24 | 32 | make images of 32, but the model is for 24",
        "preprocessor_config.json | \"do_resize\": true | \"do_resize\": false | in any size",
        "preprocessor_config.json | 0.2, | 0, | each number must be above 0"
      })
  void shouldRefuseWhatFilesBesideAModelSay(String file, String from, String to, String message)
      throws IOException {
    Path model = copy("hugging-face-vit");
    String text = Files.readString(folder.resolve(file)).replaceAll("\\s+", " ");
    assertThat(text).contains(from);
    Files.writeString(folder.resolve(file), text.replace(from, to));

    assertThatThrownBy(() -> ImportSource.of(model, CheckpointReader.read(model), null, 0))
        .hasMessageContaining(message);
  }

  /** A part that is left out would make all answers wrong. */
  @Test
  void shouldRefuseAPartThatItsTableDoesNotName() throws IOException {
    Path file = VITS.resolve("timm-vit/model.safetensors");
    ParameterTree read = CheckpointReader.read(file);
    ParameterTree scaled = read.with("blocks.0.ls1.gamma", Tensor.of(new float[18], 18));
    assertThatThrownBy(() -> ImportSource.of(file, scaled, null, 0))
        .hasMessageContaining("no part of a V-MoE uses (blocks.0.ls1.gamma)");

    assertThatThrownBy(
            () ->
                ImportSource.of(
                    file, read.with("head.weight", Tensor.of(new float[18], 18)), null, 0))
        .hasMessage("parameter head.weight: shape (18) has not 2 axes");
    Path headless = VITS.resolve("augreg/model.npz");
    ParameterTree tree = new ParameterTree(Map.of("conv_proj.weight", read.get("head.weight")));
    assertThatThrownBy(() -> ImportSource.of(headless, tree, null, 1))
        .hasMessageContaining("shape (6, 18) has not 4 axes");
  }

  private static ImportSource source(String name) throws IOException {
    Path file =
        VITS.resolve(name).resolve(name.equals("augreg") ? "model.npz" : "model.safetensors");
    return ImportSource.of(file, CheckpointReader.read(file), null, HEADS.getOrDefault(name, 0));
  }

  private static double relativeDifference(float[] actual, Tensor expected) {
    assertThat(actual).hasSize(expected.size());
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      difference = Math.max(difference, Math.abs((double) actual[i] - expected.at(i)));
      largest = Math.max(largest, Math.abs(expected.at(i)));
    }
    return difference / largest;
  }
}
