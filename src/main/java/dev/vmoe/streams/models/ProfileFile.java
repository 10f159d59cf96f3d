package dev.vmoe.streams.models;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A quality profile as a file: the accuracies that a sweep measured, with weights and images.
 *
 * @param model name of the model
 * @param weightsHash SHA-256 of its weights: the profile holds for these only
 * @param set the labelled images, and the part of them that was used
 * @param images how many images
 * @param seed seed of the sample
 * @param command command that measured it
 * @param measurements accuracy by setting and batch size; at least one
 */
public record ProfileFile(
    String model,
    String weightsHash,
    String set,
    int images,
    long seed,
    String command,
    List<MeasuredAccuracy> measurements) {

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(
              DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
              DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .build();

  /** Setting that left out choices by their gate; 0 in a file that was measured without it. */
  private static final String FORMER_GATE_MIN = "gate_min";

  private static final String ENDING = ".profile.json";

  /**
   * A measured accuracy.
   *
   * @param routing bpr or vanilla
   * @param expertsPerToken K
   * @param capacityRatio requested capacity ratio
   * @param batchImages images routed together
   * @param accuracy correct / images
   */
  public record MeasuredAccuracy(
      String routing, int expertsPerToken, double capacityRatio, int batchImages, double accuracy) {

    private QualityProfile.Measurement toEntry() {
      return new QualityProfile.Measurement(
          new OperatingPoint(capacityRatio, expertsPerToken),
          Routing.ofLabel(routing),
          batchImages,
          accuracy);
    }
  }

  /** Checks the values; copies the list. */
  public ProfileFile {
    measurements = List.copyOf(measurements);
    measurements.forEach(MeasuredAccuracy::toEntry);
    if (measurements.isEmpty() || images < 1) {
      throw new IllegalArgumentException(
          measurements.size() + " measurements on " + images + " images");
    }
  }

  /** Returns the path of a model's profile: {@code m.profile.json} for {@code m.onnx}. */
  public static Path beside(Path model) {
    String name = String.valueOf(model.getFileName());
    String stem = name.endsWith(".onnx") ? name.substring(0, name.length() - 5) : name;
    return model.resolveSibling(stem + ENDING);
  }

  /**
   * Returns the profile beside a model file, or nothing if there is none.
   *
   * @throws IOException if the profile cannot be read, or belongs to another model
   */
  public static Optional<QualityProfile> find(Path model, ModelCard card) throws IOException {
    return of(model, card).map(ProfileFile::toProfile);
  }

  /** Returns the file beside a model file as {@link #find} does, with what it was measured on. */
  static Optional<ProfileFile> of(Path model, ModelCard card) throws IOException {
    Path path = beside(model);
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    ProfileFile file = read(path);
    file.forModel(card, path);
    return Optional.of(file);
  }

  /** Returns the images that it was measured on, for people; equal texts mean the same images. */
  String measuredOn() {
    return "%d images of %s, seed %d".formatted(images, set, seed);
  }

  /**
   * Reads a file.
   *
   * @throws IOException if it cannot be read or is no quality profile
   */
  public static ProfileFile read(Path file) throws IOException {
    try {
      ObjectNode tree = JSON.readValue(Files.readString(file), ObjectNode.class);
      JsonNode gateMin = tree.remove(FORMER_GATE_MIN);
      if (gateMin != null && gateMin.asDouble() != 0) {
        throw new IOException(
            "%s was measured with gate.min = %s, which is no more: measure it again with vmoe lab sweep"
                .formatted(file, gateMin));
      }
      return JSON.treeToValue(tree, ProfileFile.class);
    } catch (JsonProcessingException e) {
      throw new IOException(
          file + " is not a quality profile of vmoe lab sweep: " + e.getOriginalMessage(), e);
    }
  }

  /**
   * Returns the profile after checking that it belongs to a model.
   *
   * @param file that it was read from, for the message
   * @throws IOException if it was measured on other weights, or at a K that the model cannot run
   */
  public QualityProfile forModel(ModelCard card, Path file) throws IOException {
    if (!weightsHash.equals(card.weightsHash())) {
      throw new IOException(
          String.format(
              "%s belongs to another model: it was measured on %s with the weights %s, but this is"
                  + " %s with the weights %s. Measure it with vmoe lab sweep, or remove it",
              file, model, weightsHash, card.name(), card.weightsHash()));
    }
    for (MeasuredAccuracy measurement : measurements) {
      try {
        card.requireExpertsPerToken(measurement.expertsPerToken());
      } catch (IllegalArgumentException e) {
        throw new IOException(file + ": " + e.getMessage(), e);
      }
    }
    return toProfile();
  }

  /** Returns the profile. */
  public QualityProfile toProfile() {
    return new QualityProfile(measurements.stream().map(MeasuredAccuracy::toEntry).toList());
  }

  /** Writes the file, one measurement a line, so that versions can be compared. */
  public void write(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    StringBuilder text = new StringBuilder("{\n");
    text.append("  \"model\": ").append(json(model)).append(",\n");
    text.append("  \"weights_hash\": ").append(json(weightsHash)).append(",\n");
    text.append("  \"set\": ").append(json(set)).append(",\n");
    text.append("  \"images\": ").append(images).append(",\n");
    text.append("  \"seed\": ").append(seed).append(",\n");
    text.append("  \"command\": ").append(json(command)).append(",\n");
    text.append("  \"measurements\": [\n");
    for (int i = 0; i < measurements.size(); i++) {
      text.append("    ").append(json(measurements.get(i)));
      text.append(i == measurements.size() - 1 ? "\n" : ",\n");
    }
    Files.writeString(file, text.append("  ]\n}\n"));
  }

  private static String json(Object value) throws JsonProcessingException {
    return JSON.writeValueAsString(value);
  }
}
