package dev.vmoe.importer.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.core.moe.Resize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * The file {@value #NAME} beside a checkpoint, which says what the checkpoint does not: {@code
 * name}, {@code classes}, {@code experts_per_token}, {@code capacity_ratio}, {@code activation}
 * (softmax or sigmoid), {@code resize} (a label of {@link Resize}), {@code positions} (learned or
 * sincos2d), {@code image_size} (in pixels) and {@code groups} (one name for each class), each
 * optional. Anything else in it is refused: a misspelled key would leave its default in force
 * unnoticed.
 */
public final class DescriptionFile {

  /** Name of the file. */
  public static final String NAME = "model.json";

  private static final List<String> KEYS =
      List.of(
          "name",
          "classes",
          "experts_per_token",
          "capacity_ratio",
          "activation",
          "resize",
          "positions",
          "image_size",
          "groups");

  /** Maximum letters of a value in a message. */
  private static final int MAX_QUOTED = 80;

  private DescriptionFile() {}

  /**
   * Returns the options that the file beside a checkpoint holds; defaults for what it does not say,
   * or where there is no file.
   *
   * @throws IOException if the file cannot be read or understood
   */
  public static ImportOptions beside(Path checkpoint) throws IOException {
    return beside(checkpoint, ImportOptions.named(String.valueOf(checkpoint.getFileName())));
  }

  /** Returns the options that the file beside a checkpoint holds, and others for the rest. */
  public static ImportOptions beside(Path checkpoint, ImportOptions options) throws IOException {
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

  /** Returns which settings the file beside a checkpoint holds; none where there is no file. */
  public static Set<String> keysBeside(Path checkpoint) throws IOException {
    Path file = checkpoint.resolveSibling(NAME);
    Set<String> keys = new HashSet<>();
    if (Files.exists(file)) {
      new ObjectMapper().readTree(file.toFile()).fieldNames().forEachRemaining(keys::add);
    }
    return keys;
  }

  private static ImportOptions read(JsonNode json, ImportOptions defaults) {
    if (!json.isObject()) {
      throw new IllegalArgumentException("is not a JSON object");
    }
    json.fieldNames()
        .forEachRemaining(
            key -> {
              if (!KEYS.contains(key)) {
                throw new IllegalArgumentException(
                    "unknown key '" + key + "', only " + String.join(", ", KEYS));
              }
            });
    return new ImportOptions(
        text(json, "name").orElse(defaults.name()),
        value(json, "classes", "a list of texts", DescriptionFile::isTexts)
            .map(DescriptionFile::texts)
            .orElse(defaults.classes()),
        value(json, "groups", "a list of texts", DescriptionFile::isTexts)
            .map(DescriptionFile::texts)
            .orElse(defaults.groups()),
        value(json, "experts_per_token", "a whole number", JsonNode::isInt)
            .map(JsonNode::intValue)
            .orElse(defaults.expertsPerToken()),
        value(json, "capacity_ratio", "a number", JsonNode::isNumber)
            .map(JsonNode::doubleValue)
            .orElse(defaults.capacityRatio()),
        text(json, "activation").map(DescriptionFile::softmax).orElse(defaults.softmax()),
        text(json, "resize").map(Resize::ofLabel).orElse(defaults.resize()),
        text(json, "positions").map(Positions::ofLabel).orElse(defaults.positions()),
        value(json, "image_size", "a whole number", JsonNode::isInt)
            .map(JsonNode::intValue)
            .orElse(defaults.imageSize()));
  }

  private static Optional<String> text(JsonNode json, String key) {
    return value(json, key, "a text", JsonNode::isTextual).map(JsonNode::textValue);
  }

  private static Optional<JsonNode> value(
      JsonNode json, String key, String type, Predicate<JsonNode> isOfType) {
    JsonNode value = json.get(key);
    if (value != null && !isOfType.test(value)) {
      throw new IllegalArgumentException(key + " is " + inShort(value) + ", not " + type);
    }
    return Optional.ofNullable(value);
  }

  /** Returns a value for a message: a list of thousands would hide what is wrong. */
  private static String inShort(JsonNode value) {
    String text = value.toString();
    return text.length() <= MAX_QUOTED ? text : text.substring(0, MAX_QUOTED) + "…";
  }

  private static boolean isTexts(JsonNode value) {
    return value.isArray()
        && StreamSupport.stream(value.spliterator(), false).allMatch(JsonNode::isTextual);
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.textValue()));
    return texts;
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
}
