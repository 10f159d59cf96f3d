package dev.vmoe.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.vmoe.moe.Resize;
import dev.vmoe.onnx.PixelScale;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What {@code config.json} and {@code preprocessor_config.json} beside a dense ViT say, or what is
 * usual for its source where they are missing.
 *
 * @param settings for the graph
 * @param classes names in the order of the logits; empty where they have none
 * @param softmax whether scores are a softmax over classes; a sigmoid of each class otherwise
 * @param resize how an image is brought to size
 * @param imageSize height and width of the input, in pixels; 0 where no file says it
 */
record HubConfig(
    VitSettings settings, List<String> classes, boolean softmax, Resize resize, int imageSize) {

  private static final String CONFIG = "config.json";
  private static final String PREPROCESSOR = "preprocessor_config.json";
  private static final int MAX_BYTES = 8 << 20;
  private static final int PIL_BILINEAR = 2;
  private static final int PIL_BICUBIC = 3;
  private static final double HUB_EPSILON = 1e-12;
  private static final double USUAL_EPSILON = 1e-6;

  /** Reads the files of a ViT or DeiT of Hugging Face's transformers. */
  static HubConfig ofHuggingFace(Path checkpoint, Map<String, String> guessed) throws IOException {
    JsonNode config = read(checkpoint.resolveSibling(CONFIG));
    String type = config.path("model_type").asText("vit");
    if (!type.equals("vit") && !type.equals("deit")) {
      throw new IOException(
          checkpoint.resolveSibling(CONFIG)
              + ": model_type '"
              + type
              + "' is neither vit nor deit");
    }
    return ofFiles(checkpoint, HUB_EPSILON, type.equals("deit"), guessed);
  }

  /**
   * Reads the same files beside a ViT of torchvision, which has none of its own; without them, what
   * the models that torchvision trained itself need.
   */
  static HubConfig ofTorchvision(Path checkpoint, Map<String, String> guessed) throws IOException {
    HubConfig described = ofFiles(checkpoint, USUAL_EPSILON, false, guessed);
    if (Files.exists(checkpoint.resolveSibling(PREPROCESSOR))) {
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
        0);
  }

  private static HubConfig ofFiles(
      Path checkpoint, double usualEpsilon, boolean deit, Map<String, String> guessed)
      throws IOException {
    Path file = checkpoint.resolveSibling(CONFIG);
    Path beside = checkpoint.resolveSibling(PREPROCESSOR);
    JsonNode config = read(file);
    JsonNode pre = read(beside);
    // the released DeiTs need ImageNet's; transformers takes 0.5 for what a file does not say
    boolean imagenet = deit && pre.isMissingNode();
    try {
      HubConfig described =
          new HubConfig(
              new VitSettings(
                  config.path("num_attention_heads").asInt(0),
                  config.path("layer_norm_eps").asDouble(usualEpsilon),
                  erfGelu(config.path("hidden_act").asText("gelu")),
                  new PixelScale(
                      pre.path("do_rescale").asBoolean(true)
                          ? pre.path("rescale_factor").asDouble(PixelScale.BYTE)
                          : 1,
                      normalised(
                          pre,
                          "image_mean",
                          imagenet ? VitSettings.IMAGENET_MEAN : VitSettings.HALF),
                      normalised(
                          pre,
                          "image_std",
                          imagenet ? VitSettings.IMAGENET_STD : VitSettings.HALF))),
              labels(config.path("id2label")),
              !config.path("problem_type").asText().equals("multi_label_classification"),
              resize(pre, deit),
              pre.isMissingNode() ? 0 : size(pre, deit));
      if (config.isMissingNode()) {
        guessed.put("activation", "activation softmax");
      }
      guessUnlessIn(guessed, config, "layer_norm_eps", "layer norm epsilon " + usualEpsilon);
      guessUnlessIn(guessed, config, "hidden_act", "GELU in its erf form");
      if (!pre.hasNonNull("size") || !pre.hasNonNull("resample")) {
        guessed.put("resize", "resize " + described.resize().label());
      }
      if (pre.path("do_normalize").asBoolean(true)) {
        PixelScale pixels = described.settings().pixels();
        guessUnlessIn(guessed, pre, "image_mean", "mean " + pixels.mean());
        guessUnlessIn(guessed, pre, "image_std", "std " + pixels.std());
      }
      return described;
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " or " + beside + ": " + e.getMessage(), e);
    }
  }

  private static Resize resize(JsonNode pre, boolean deit) {
    if (!pre.path("do_resize").asBoolean(true)) {
      throw new IllegalArgumentException("do_resize is false: images come in any size");
    }
    int resample = pre.path("resample").asInt(deit ? PIL_BICUBIC : PIL_BILINEAR);
    if (resample != PIL_BILINEAR && resample != PIL_BICUBIC) {
      throw new IllegalArgumentException(
          "resample " + resample + " is neither 2 (bilinear) nor 3 (bicubic)");
    }
    Resize.Filter filter =
        resample == PIL_BICUBIC ? Resize.Filter.PIL_BICUBIC : Resize.Filter.PIL_BILINEAR;
    JsonNode shortest = pre.path("size").path("shortest_edge");
    if (shortest.isInt() && !crops(pre, deit)) {
      throw new IllegalArgumentException("size of the shortest edge without do_center_crop");
    }
    if (shortest.isInt()) {
      return new Resize(filter, Resize.Fit.SHORTEST, shortest.asInt());
    }
    int side = side(pre.path("size"), deit ? 256 : 224, "size");
    return new Resize(filter, Resize.Fit.SQUARE, side == size(pre, deit) ? 0 : side);
  }

  private static boolean crops(JsonNode pre, boolean deit) {
    return pre.path("do_center_crop").asBoolean(deit);
  }

  private static int size(JsonNode pre, boolean deit) {
    return crops(pre, deit)
        ? side(pre.path("crop_size"), 224, "crop_size")
        : side(pre.path("size"), deit ? 256 : 224, "size");
  }

  private static int side(JsonNode node, int usual, String what) {
    if (node.isMissingNode() || node.isNull() || node.isInt()) {
      return node.asInt(usual);
    }
    JsonNode height = node.isArray() ? node.path(0) : node.path("height"); // older files: a list
    JsonNode width = node.isArray() ? node.path(1) : node.path("width");
    if (!height.isInt() || height.asInt() != width.asInt()) {
      throw new IllegalArgumentException(what + " " + node + " is no square");
    }
    return height.asInt();
  }

  private static List<Double> normalised(JsonNode pre, String key, List<Double> usual) {
    if (!pre.path("do_normalize").asBoolean(true)) {
      double none = key.endsWith("std") ? 1 : 0;
      return List.of(none, none, none);
    }
    return numbers(pre.path(key)).orElse(usual);
  }

  private static Optional<List<Double>> numbers(JsonNode node) {
    if (node.isNumber()) {
      return Optional.of(List.of(node.asDouble(), node.asDouble(), node.asDouble()));
    }
    List<Double> values = new ArrayList<>();
    for (JsonNode value : node) {
      values.add(value.isNumber() ? value.asDouble() : Double.NaN);
    }
    return node.isArray() ? Optional.of(values) : Optional.empty();
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

  /** Reads the file of a ViT or DeiT of timm. */
  static HubConfig ofTimm(Path checkpoint, Map<String, String> guessed) throws IOException {
    Path file = checkpoint.resolveSibling(CONFIG);
    JsonNode config = read(file);
    JsonNode pretrained = config.has("pretrained_cfg") ? config.path("pretrained_cfg") : config;
    JsonNode arguments = config.path("model_args");
    String pool = arguments.path("global_pool").asText(config.path("global_pool").asText("token"));
    try {
      if (!pool.equals("token")) {
        throw new IllegalArgumentException("global_pool '" + pool + "' is not token");
      }
      JsonNode input = pretrained.path("input_size");
      int size = input.path(1).asInt(0);
      Resize resize = timmResize(pretrained, size);
      if (config.isMissingNode()) {
        guessed.put("activation", "activation softmax");
        guessed.put("gelu", "layer norm epsilon 1e-6, GELU in its erf form");
      }
      guessUnlessIn(guessed, pretrained, "mean", "mean " + VitSettings.HALF);
      guessUnlessIn(guessed, pretrained, "std", "std " + VitSettings.HALF);
      if (!pretrained.has("crop_pct") || !pretrained.has("interpolation")) {
        guessed.put("resize", "resize " + resize.label());
      }
      return new HubConfig(
          new VitSettings(
              arguments.path("num_heads").asInt(0),
              USUAL_EPSILON,
              erfGelu(arguments.path("act_layer").asText("gelu")),
              new PixelScale(
                  PixelScale.BYTE,
                  numbers(pretrained.path("mean")).orElse(VitSettings.HALF),
                  numbers(pretrained.path("std")).orElse(VitSettings.HALF))),
          labels(
              config.has("label_names")
                  ? config.path("label_names")
                  : pretrained.path("label_names")),
          true,
          resize,
          size);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static void guessUnlessIn(
      Map<String, String> guessed, JsonNode config, String key, String guess) {
    if (!config.hasNonNull(key)) {
      guessed.put(key, guess);
    }
  }

  private static Resize timmResize(JsonNode config, int size) {
    Resize.Filter filter =
        switch (config.path("interpolation").asText("bicubic")) {
          case "bicubic" -> Resize.Filter.PIL_BICUBIC;
          case "bilinear" -> Resize.Filter.PIL_BILINEAR;
          default ->
              throw new IllegalArgumentException(
                  "interpolation " + config.path("interpolation") + " is not bicubic or bilinear");
        };
    Resize.Fit fit =
        switch (config.path("crop_mode").asText("center")) {
          case "center" -> Resize.Fit.SHORTEST;
          case "squash" -> Resize.Fit.SQUARE;
          default ->
              throw new IllegalArgumentException(
                  "crop_mode " + config.path("crop_mode") + " is neither center nor squash");
        };
    if (size == 0) {
      return new Resize(filter, Resize.Fit.SQUARE, 0);
    }
    return new Resize(
        filter, fit, (int) Math.floor(size / config.path("crop_pct").asDouble(0.875)));
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
        0);
  }

  /** Returns these under another resize. */
  HubConfig withResize(Resize other) {
    return new HubConfig(settings, classes, softmax, other, imageSize);
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

  private static JsonNode read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return MissingNode.getInstance();
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(file + " has more than " + MAX_BYTES + " bytes");
    }
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      if (!json.isObject()) {
        throw new IOException(file + " is not a JSON object");
      }
      return json;
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": no JSON: " + e.getOriginalMessage(), e);
    }
  }
}
