package dev.vmoe.importer.convert;

import com.fasterxml.jackson.databind.JsonNode;
import dev.vmoe.core.moe.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What {@code config.json} and {@code preprocessor_config.json} beside a dense ViT say, or what is
 * usual for its source where they are missing.
 *
 * @param settings for the graph
 * @param classes names in the order of the logits; empty where they have none
 * @param softmax whether scores are a softmax over classes; a sigmoid of each class otherwise
 * @param resize how an image is brought to size
 * @param imageSize height and width that images are brought to, in pixels; 0 where no file says it
 * @param claims what they say of the model's shape
 */
record HubConfig(
    VitSettings settings,
    List<String> classes,
    boolean softmax,
    Resize resize,
    int imageSize,
    HubClaims claims) {

  private static final String CONFIG = "config.json";
  private static final double HUB_EPSILON = 1e-12;
  private static final double USUAL_EPSILON = 1e-6;

  /** Reads the files of a ViT or DeiT of Hugging Face's transformers. */
  static HubConfig ofHuggingFace(Path checkpoint, Map<String, String> guessed) throws IOException {
    Path file = checkpoint.resolveSibling(CONFIG);
    HubFields config = HubFields.read(file);
    String type = config.of("model_type").asText("vit");
    if (!type.equals("vit") && !type.equals("deit")) {
      throw new IOException(file + ": model_type '" + type + "' is neither vit nor deit");
    }
    return ofFiles(checkpoint, config, HUB_EPSILON, type.equals("deit"), guessed);
  }

  /**
   * Reads the same files beside a ViT of torchvision, which has none of its own; without them, what
   * the models that torchvision trained itself need.
   */
  static HubConfig ofTorchvision(Path checkpoint, Map<String, String> guessed) throws IOException {
    HubConfig described =
        ofFiles(
            checkpoint,
            HubFields.read(checkpoint.resolveSibling(CONFIG)),
            USUAL_EPSILON,
            false,
            guessed);
    if (Files.exists(HubProcessor.beside(checkpoint))) {
      return described;
    }
    guessed.put("image_mean", "mean " + VitSettings.IMAGENET_MEAN);
    guessed.put("image_std", "std " + VitSettings.IMAGENET_STD);
    VitSettings own = described.settings();
    return new HubConfig(
        new VitSettings(
            own.heads(),
            own.epsilon(),
            own.erfGelu(),
            new PixelScale(PixelScale.BYTE, VitSettings.IMAGENET_MEAN, VitSettings.IMAGENET_STD)),
        described.classes(),
        described.softmax(),
        described.resize(),
        0,
        described.claims());
  }

  private static HubConfig ofFiles(
      Path checkpoint,
      HubFields config,
      double usualEpsilon,
      boolean deit,
      Map<String, String> guessed)
      throws IOException {
    Path file = checkpoint.resolveSibling(CONFIG);
    Path beside = HubProcessor.beside(checkpoint);
    HubFields pre = HubFields.read(beside);
    try {
      if (config.areMissing()) {
        guessed.put("activation", "activation softmax");
      }
      config.guessUnlessIn(guessed, "layer_norm_eps", "layer norm epsilon " + usualEpsilon);
      config.guessUnlessIn(guessed, "hidden_act", "GELU in its erf form");
      HubProcessor processor = HubProcessor.of(pre, deit, guessed);
      return new HubConfig(
          new VitSettings(
              config.whole("num_attention_heads", 0),
              config.number("layer_norm_eps", usualEpsilon),
              erfGelu(config.text("hidden_act", "gelu")),
              processor.pixels()),
          labels(config.of("id2label")),
          !config.text("problem_type", "").equals("multi_label_classification"),
          processor.resize(),
          processor.imageSize(),
          HubClaims.ofHuggingFace(config));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " or " + beside + ": " + e.getMessage(), e);
    }
  }

  private static boolean erfGelu(String activation) {
    return switch (activation) {
      case "gelu", "gelu_python" -> true;
      case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_tanh" -> false;
      default ->
          throw new IllegalArgumentException("activation '" + activation + "' is no GELU known");
    };
  }

  private static List<String> labels(JsonNode byId) {
    List<String> labels = new ArrayList<>();
    for (int id = 0; id < byId.size(); id++) {
      JsonNode label = byId.isArray() ? byId.get(id) : byId.path(Integer.toString(id));
      if (!label.isTextual()) {
        throw new IllegalArgumentException("class " + id + " of " + byId.size() + " has no name");
      }
      labels.add(label.textValue());
    }
    return labels;
  }

  /**
   * Reads the file of a ViT or DeiT of timm.
   *
   * @param distilled whether it has a distillation token, as a DeiT
   */
  static HubConfig ofTimm(Path checkpoint, boolean distilled, Map<String, String> guessed)
      throws IOException {
    Path file = checkpoint.resolveSibling(CONFIG);
    HubFields config = HubFields.read(file);
    try {
      HubFields pretrained =
          config.has("pretrained_cfg") ? config.within("pretrained_cfg") : config;
      HubFields arguments = config.within("model_args");
      String pool = arguments.text("global_pool", config.text("global_pool", ""));
      if (pool.isEmpty()) {
        guessed.put("global_pool", "global_pool token");
      } else if (!pool.equals("token")) {
        throw new IllegalArgumentException("global_pool '" + pool + "' is not token");
      }
      int size = inputSize(pretrained.of("input_size"));
      Resize resize = timmResize(pretrained, size);
      if (config.areMissing()) {
        guessed.put("activation", "activation softmax");
        guessed.put("gelu", "layer norm epsilon 1e-6, GELU in its erf form");
      }
      boolean imagenet = distilled && config.areMissing(); // as the released DeiTs
      List<Double> mean = imagenet ? VitSettings.IMAGENET_MEAN : VitSettings.HALF;
      List<Double> std = imagenet ? VitSettings.IMAGENET_STD : VitSettings.HALF;
      pretrained.guessUnlessIn(guessed, "mean", "mean " + mean);
      pretrained.guessUnlessIn(guessed, "std", "std " + std);
      if (!pretrained.has("crop_pct") || !pretrained.has("interpolation")) {
        guessed.put("resize", "resize " + resize.label());
      }
      return new HubConfig(
          new VitSettings(
              arguments.whole("num_heads", 0),
              USUAL_EPSILON,
              erfGelu(arguments.text("act_layer", "gelu")),
              new PixelScale(
                  PixelScale.BYTE,
                  pretrained.channels("mean").orElse(mean),
                  pretrained.channels("std").orElse(std))),
          labels(
              config.has("label_names") ? config.of("label_names") : pretrained.of("label_names")),
          true,
          resize,
          size,
          HubClaims.ofTimm(arguments));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  /** Returns the size in [channels, height, width]; 0 if it is not said. */
  private static int inputSize(JsonNode input) {
    int size = input.path(1).asInt(0);
    if (!input.isMissingNode() && (size == 0 || input.path(2).asInt(0) != size)) {
      throw new IllegalArgumentException("input_size " + input + " is no [3, side, side]");
    }
    return size;
  }

  private static Resize timmResize(HubFields config, int size) {
    Resize.Filter filter =
        switch (config.text("interpolation", "bicubic")) {
          case "bicubic" -> Resize.Filter.PIL_BICUBIC;
          case "bilinear" -> Resize.Filter.PIL_BILINEAR;
          default ->
              throw new IllegalArgumentException(
                  "interpolation " + config.of("interpolation") + " is not bicubic or bilinear");
        };
    Resize.Fit fit =
        switch (config.text("crop_mode", "center")) {
          case "center" -> Resize.Fit.SHORTEST;
          case "squash" -> Resize.Fit.SQUARE;
          default ->
              throw new IllegalArgumentException(
                  "crop_mode " + config.of("crop_mode") + " is neither center nor squash");
        };
    if (size == 0) {
      return new Resize(filter, Resize.Fit.SQUARE, 0);
    }
    return new Resize(filter, fit, (int) Math.floor(size / config.number("crop_pct", 0.875)));
  }

  /** Returns what the models of google-research/vision_transformer need: the same as a V-MoE. */
  static HubConfig ofAugReg(Map<String, String> guessed) {
    guessed.put("activation", "activation softmax");
    return new HubConfig(
        new VitSettings(
            0,
            USUAL_EPSILON,
            false,
            new PixelScale(PixelScale.BYTE, VitSettings.HALF, VitSettings.HALF)),
        List.of(),
        true,
        Resize.BILINEAR,
        0,
        HubClaims.NONE);
  }

  /** Returns these under another resize. */
  HubConfig withResize(Resize other) {
    return new HubConfig(settings, classes, softmax, other, imageSize, claims);
  }

  /** Returns the options of an import under a name. */
  ImportOptions options(String name) {
    ImportOptions others = ImportOptions.named(name);
    return new ImportOptions(
        name,
        classes,
        List.of(),
        others.expertsPerToken(),
        others.capacityRatio(),
        softmax,
        resize,
        Positions.LEARNED,
        0);
  }
}
