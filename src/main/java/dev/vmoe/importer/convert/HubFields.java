package dev.vmoe.importer.convert;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The fields of a JSON object beside a checkpoint. One that is not there, or null, has the usual
 * value; one of another type is refused, because the value that it means would be guessed.
 *
 * @param node the object; missing where there is no such file
 */
record HubFields(JsonNode node) {

  private static final int MAX_BYTES = 8 << 20;

  /**
   * Reads a file.
   *
   * @return no fields if there is no such file
   * @throws IOException if it cannot be read or is no JSON object
   */
  static HubFields read(Path file) throws IOException {
    if (!Files.exists(file)) {
      return new HubFields(MissingNode.getInstance());
    }
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException(file + " has more than " + MAX_BYTES + " bytes");
    }
    try {
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      if (!json.isObject()) {
        throw new IOException(file + " is not a JSON object");
      }
      return new HubFields(json);
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": no JSON: " + e.getOriginalMessage(), e);
    }
  }

  /** Returns whether there is no file, or no such object in it. */
  boolean areMissing() {
    return node.isMissingNode();
  }

  /** Returns whether a field is there and not null. */
  boolean has(String key) {
    return node.hasNonNull(key);
  }

  /** Returns a field as it is; missing if it is not there or null. */
  JsonNode of(String key) {
    return has(key) ? node.path(key) : MissingNode.getInstance();
  }

  /** Returns the fields of an object in a field. */
  HubFields within(String key) {
    return new HubFields(
        value(key, "object", JsonNode::isObject).orElse(MissingNode.getInstance()));
  }

  double number(String key, double usual) {
    return value(key, "number", JsonNode::isNumber).map(JsonNode::asDouble).orElse(usual);
  }

  int whole(String key, int usual) {
    return value(key, "whole number", JsonNode::isInt).map(JsonNode::asInt).orElse(usual);
  }

  boolean flag(String key, boolean usual) {
    return value(key, "true or false", JsonNode::isBoolean).map(JsonNode::asBoolean).orElse(usual);
  }

  String text(String key, String usual) {
    return value(key, "text", JsonNode::isTextual).map(JsonNode::textValue).orElse(usual);
  }

  private Optional<JsonNode> value(String key, String type, Predicate<JsonNode> isOfType) {
    if (has(key) && !isOfType.test(of(key))) {
      throw wrong(key, type);
    }
    return Optional.of(of(key)).filter(it -> !it.isMissingNode());
  }

  /** Returns a number for each channel; one for all of them where only one is said. */
  Optional<List<Double>> channels(String key) {
    JsonNode value = of(key);
    if (value.isMissingNode()) {
      return Optional.empty();
    }
    if (value.isNumber()) {
      return Optional.of(List.of(value.asDouble(), value.asDouble(), value.asDouble()));
    }
    List<Double> values = new ArrayList<>();
    for (JsonNode channel : value) {
      if (!channel.isNumber()) {
        throw wrong(key, "list of numbers");
      }
      values.add(channel.asDouble());
    }
    if (!value.isArray()) {
      throw wrong(key, "list of numbers");
    }
    return Optional.of(values);
  }

  /** Returns the side of a square: a number, [side, side], or its height and width; 0 if unsaid. */
  int side(String key) {
    JsonNode value = of(key);
    if (value.isMissingNode() || value.isInt()) {
      return value.asInt(0);
    }
    JsonNode height = value.isArray() ? value.path(0) : value.path("height");
    JsonNode width = value.isArray() ? value.path(1) : value.path("width");
    if (!height.isInt() || height.asInt() != width.asInt()) {
      throw new IllegalArgumentException(key + " " + value + " is no square");
    }
    return height.asInt();
  }

  /** Puts a guess under a key unless the field is there. */
  void guessUnlessIn(Map<String, String> guessed, String key, String guess) {
    if (!has(key)) {
      guessed.put(key, guess);
    }
  }

  private IllegalArgumentException wrong(String key, String type) {
    return new IllegalArgumentException(key + " is " + of(key) + ", which is no " + type);
  }
}
