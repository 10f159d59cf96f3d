package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files beside a dense ViT that say another model, another processor, or nonsense. */
class HubFilesTest {

  private static final Path VITS =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/parity/vits");

  @TempDir private Path folder = Path.of("");

  private Path copy(String name) throws IOException {
    for (String file :
        new String[] {"model.safetensors", "config.json", "preprocessor_config.json"}) {
      if (Files.exists(VITS.resolve(name).resolve(file))) {
        Files.copy(VITS.resolve(name).resolve(file), folder.resolve(file));
      }
    }
    return folder.resolve("model.safetensors");
  }

  private static ImportSource source(Path model) throws IOException {
    return ImportSource.of(model, CheckpointReader.read(model), null, 0);
  }

  /** Adds fields at the beginning of a JSON file; the last of two of one name counts. */
  private void add(String file, String fields) throws IOException {
    Path json = folder.resolve(file);
    Files.writeString(json, Files.readString(json).trim().replaceFirst("\\{", "{" + fields + ","));
  }

  /** A model of 24 x 24 pixels, patches of 6, width 24 and two blocks, with biases of attention. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"image_size\": 32 | config.json says image size 32, but that of the checkpoint is 24",
        "\"image_size\": [12, 48] | image_size [12,48] is no square",
        "\"patch_size\": 8 | says patch size 8, but that of the checkpoint is 6",
        "\"hidden_size\": 48 | says hidden size 48",
        "\"num_hidden_layers\": 1 | says number of blocks 1, but that of the checkpoint is 2",
        "\"num_hidden_layers\": 3 | says number of blocks 3",
        "\"qkv_bias\": false | attention has no bias (qkv_bias), but the checkpoint has one",
        "\"qkv_bias\": 0 | qkv_bias is 0, which is no true or false",
        "\"hidden_size\": \"24\" | hidden_size is \"24\", which is no whole number"
      })
  void shouldRefuseTheConfigurationOfAnotherModel(String field, String message) throws IOException {
    Path model = copy("hugging-face-vit");
    add("config.json", "\"image_size\": 24, \"patch_size\": 6, \"num_hidden_layers\": 2");
    assertThat(source(model).guessed()).isEmpty();

    Files.delete(folder.resolve("config.json"));
    Files.copy(VITS.resolve("hugging-face-vit/config.json"), folder.resolve("config.json"));
    add("config.json", field);
    assertThatThrownBy(() -> source(model)).hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "config.json | \"layer_norm_eps\": \"x\" | layer_norm_eps is \"x\", which is no number",
        "preprocessor_config.json | \"image_mean\": \"0.3\" | image_mean is \"0.3\", which is no",
        "preprocessor_config.json | \"image_std\": {} | image_std is {}, which is no list of",
        "preprocessor_config.json | \"resample\": \"bicubic\" | resample is \"bicubic\", which is",
        "preprocessor_config.json | \"rescale_factor\": \"x\" | rescale_factor is \"x\"",
        "preprocessor_config.json | \"rescale_offset\": true | pixels would begin at -1",
        "preprocessor_config.json | \"do_flip_channel_order\": true | blue would come first",
        "preprocessor_config.json | \"image_processor_type\": \"ConvNextImageProcessor\" | none of"
      })
  void shouldRefuseWhatIsNotDoneOrOfAnotherType(String file, String field, String message)
      throws IOException {
    Path model = copy("hugging-face-vit");
    String name = field.substring(0, field.indexOf(':'));
    Path json = folder.resolve(file);
    Files.writeString(json, Files.readString(json).replace(name + ":", "\"other\":"));
    add(file, field);

    assertThatThrownBy(() -> source(model)).hasMessageContaining(message);
  }

  /** Each image processor has its own idea of a size that is one number, and of cropping. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ViTImageProcessor | \"size\": 24 | pil-bilinear",
        "ViTFeatureExtractor | \"size\": 24, \"crop_size\": 20 | pil-bilinear",
        "ViTImageProcessorFast | \"size\": 28, \"do_center_crop\": true, \"crop_size\": 24"
            + " | pil-bilinear-square-28",
        "DeiTImageProcessor | \"size\": 28, \"crop_size\": 24 | pil-bicubic-square-28",
        "DeiTFeatureExtractor | \"size\": 24, \"do_center_crop\": false | pil-bicubic",
        "CLIPImageProcessor | \"size\": 28, \"crop_size\": 24 | pil-bicubic-shortest-28",
        "CLIPFeatureExtractor | \"size\": {\"height\": 28, \"width\": 28}, \"crop_size\": 24"
            + " | pil-bicubic-square-28"
      })
  void shouldTakeWhatIsUsualForTheImageProcessor(String type, String fields, String resize)
      throws IOException {
    Path model = copy("hugging-face-vit");
    String key = type.contains("Extractor") ? "feature_extractor_type" : "image_processor_type";
    Files.writeString(
        folder.resolve("preprocessor_config.json"),
        "{\"%s\": \"%s\", %s}".formatted(key, type, fields));

    ImportSource source = source(model);

    assertThat(source.defaults().resize().label()).isEqualTo(resize);
    assertThat(source.guessed())
        .containsEntry("resize", "resize " + resize)
        .containsEntry(
            "image_mean",
            "mean " + (type.startsWith("CLIP") ? VitSettings.CLIP_MEAN : VitSettings.HALF));
  }

  @Test
  void shouldSayThatThePoolOfTimmIsGuessed() throws IOException {
    Path model = copy("timm-vit");
    assertThat(source(model).guessed()).doesNotContainKey("global_pool");

    Files.delete(folder.resolve("config.json"));

    assertThat(ImportSource.of(model, CheckpointReader.read(model), null, 6).guessed())
        .containsEntry("global_pool", "global_pool token")
        .containsEntry("mean", "mean [0.5, 0.5, 0.5]");
  }

  @Test
  void shouldGuessTheNumbersOfImageNetForADistilledModelOfTimm() throws IOException {
    Path model = copy("timm-deit");
    Files.delete(folder.resolve("config.json"));

    assertThat(ImportSource.of(model, CheckpointReader.read(model), null, 4).guessed())
        .containsEntry("mean", "mean [0.485, 0.456, 0.406]")
        .containsEntry("std", "std [0.229, 0.224, 0.225]");
  }

  @Test
  void shouldRefuseASizeOfTimmThatIsNoSquare() throws IOException {
    Path model = copy("timm-vit");
    String text = Files.readString(folder.resolve("config.json")).replaceAll("\\s+", " ");
    Files.writeString(folder.resolve("config.json"), text.replace("3, 21, 21", "3, 21, 28"));

    assertThatThrownBy(() -> source(model))
        .hasMessageContaining("input_size [3,21,28] is no [3, side, side]");
  }

  /** Wrappers put their name before all others. */
  @ParameterizedTest
  @CsvSource({
    "hugging-face-vit, module.",
    "hugging-face-vit, _orig_mod.module.",
    "timm-vit, model.",
    "timm-vit, backbone.",
    "timm-deit, timm_model.",
    "torchvision, module."
  })
  void shouldReadParametersWithTheNameOfAWrapper(String name, String prefix) throws IOException {
    Path model = VITS.resolve(name).resolve("model.safetensors");
    ParameterTree read = CheckpointReader.read(model);
    Map<String, Tensor> wrapped = new HashMap<>();
    read.paths().forEach(path -> wrapped.put(prefix + path, read.get(path)));
    int heads = name.equals("torchvision") ? 3 : 0;

    ParameterTree expected = ImportSource.of(model, read, null, heads).parameters();
    ParameterTree actual =
        ImportSource.of(model, new ParameterTree(wrapped), null, heads).parameters();

    assertThat(WeightsHash.of(actual)).isEqualTo(WeightsHash.of(expected));
  }
}
