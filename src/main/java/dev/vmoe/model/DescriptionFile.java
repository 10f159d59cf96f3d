package dev.vmoe.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The file {@value #NAME} beside a checkpoint, which says what the checkpoint does not: {@code
 * name}, {@code classes}, {@code experts_per_token}, {@code capacity_ratio}, {@code activation}
 * (softmax or sigmoid) and {@code resize} (bilinear or area), each optional.
 */
public final class DescriptionFile {

  /** Name of the file. */
  public static final String NAME = "model.json";

  private DescriptionFile() {}

  /**
   * Returns the options that the file beside a checkpoint holds; defaults for what it does not say,
   * or where there is no file.
   *
   * @throws IOException if the file cannot be read or understood
   */
  public static ImportOptions beside(Path checkpoint) throws IOException {
    ImportOptions options = ImportOptions.named(String.valueOf(checkpoint.getFileName()));
    Path file = checkpoint.resolveSibling(NAME);
    if (!Files.exists(file)) {
      return options;
    }
    try {
      return read(new ObjectMapper().readTree(file.toFile()), options);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }

  private static ImportOptions read(JsonNode json, ImportOptions defaults) {
    List<String> classes = new ArrayList<>();
    json.path("classes").forEach(name -> classes.add(name.asText()));
    return new ImportOptions(
        json.path("name").asText(defaults.name()),
        classes,
        json.path("experts_per_token").asInt(defaults.expertsPerToken()),
        json.path("capacity_ratio").asDouble(defaults.capacityRatio()),
        softmax(json.path("activation").asText("softmax")),
        resize(json.path("resize").asText(defaults.resize().label())),
        defaults.target());
  }

  /** Returns whether an activation is softmax; it may only be that or sigmoid. */
  public static boolean softmax(String activation) {
    return switch (activation) {
      case "softmax" -> true;
      case "sigmoid" -> false;
      default ->
          throw new IllegalArgumentException(
              "activation '" + activation + "' is neither softmax nor sigmoid");
    };
  }

  private static ImportOptions.Resize resize(String label) {
    try {
      return ImportOptions.Resize.valueOf(label.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("resize '" + label + "' is neither bilinear nor area", e);
    }
  }
}
