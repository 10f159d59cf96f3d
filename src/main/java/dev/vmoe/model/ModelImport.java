package dev.vmoe.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.checkpoint.CheckpointReader;
import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Makes a model file from a checkpoint and what its shapes cannot say. */
public final class ModelImport {

  /** Name of the file beside a checkpoint that says the rest. */
  public static final String DESCRIPTION = "model.json";

  private ModelImport() {}

  /**
   * What a checkpoint's shapes cannot say; null or 0 where it is not known.
   *
   * @param name name of the model
   * @param classes class names in the order of the logits
   * @param expertsPerToken K of the training
   * @param capacityRatio capacity ratio of the training
   * @param activation softmax or sigmoid
   * @param resize bilinear or area
   */
  public record Description(
      @Nullable String name,
      @Nullable List<String> classes,
      @Nullable Integer expertsPerToken,
      @Nullable Double capacityRatio,
      @Nullable String activation,
      @Nullable String resize) {

    /** Knows nothing. */
    public static final Description EMPTY = new Description(null, null, null, null, null, null);

    /**
     * Reads the description beside a checkpoint; {@link #EMPTY} if there is none.
     *
     * @throws IOException if the file is not understood
     */
    public static Description beside(Path checkpoint) throws IOException {
      Path file = checkpoint.resolveSibling(DESCRIPTION);
      if (!Files.exists(file)) {
        return EMPTY;
      }
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      List<String> classes = null;
      if (json.hasNonNull("classes")) {
        classes = new ArrayList<>();
        for (JsonNode name : json.get("classes")) {
          classes.add(name.asText());
        }
      }
      return new Description(
          json.hasNonNull("name") ? json.get("name").asText() : null,
          classes,
          json.hasNonNull("experts_per_token") ? json.get("experts_per_token").asInt() : null,
          json.hasNonNull("capacity_ratio") ? json.get("capacity_ratio").asDouble() : null,
          json.hasNonNull("activation") ? json.get("activation").asText() : null,
          json.hasNonNull("resize") ? json.get("resize").asText() : null);
    }

    /** Returns this description, completed by another where it knows nothing. */
    public Description orElse(Description other) {
      return new Description(
          name != null ? name : other.name,
          classes != null ? classes : other.classes,
          expertsPerToken != null ? expertsPerToken : other.expertsPerToken,
          capacityRatio != null ? capacityRatio : other.capacityRatio,
          activation != null ? activation : other.activation,
          resize != null ? resize : other.resize);
    }
  }

  /**
   * Reads a checkpoint, with the description beside it, and writes the model file.
   *
   * @param checkpoint prefix of index and shards, or an npz file
   * @param out ONNX file to write
   * @param description what wins over the description beside the checkpoint
   * @return what the file says about itself
   * @throws IOException if the checkpoint cannot be read or the file not be written
   * @throws IllegalArgumentException if a parameter is missing or does not fit
   */
  public static ModelCard run(Path checkpoint, Path out, Description description)
      throws IOException {
    ParameterTree parameters = CheckpointReader.read(checkpoint);
    ModelCard card =
        card(
            parameters,
            description
                .orElse(Description.beside(checkpoint))
                .orElse(
                    new Description(
                        String.valueOf(checkpoint.getFileName()),
                        null,
                        2,
                        1.05,
                        "softmax",
                        "bilinear")));
    VmoeGraph.of(parameters, card.toMetadata()).write(out);
    return card;
  }

  /**
   * Writes a model file of random weights, for measuring speed.
   *
   * @param variant name of a published architecture, such as S/32
   * @throws IllegalArgumentException if there is no such variant
   */
  public static void random(String variant, long seed, Path out) throws IOException {
    ParameterTree parameters = RandomCheckpoint.of(Variant.ofLabel(variant).architecture(), seed);
    Description description =
        new Description("random " + variant, null, 2, 1.05, "softmax", "area");
    VmoeGraph.of(parameters, card(parameters, description).toMetadata()).write(out);
  }

  private static ModelCard card(ParameterTree parameters, Description known) {
    VmoeArchitecture architecture = VmoeArchitecture.of(parameters);
    List<String> classes =
        known.classes() != null
            ? known.classes()
            : IntStream.range(0, architecture.numClasses()).mapToObj(Integer::toString).toList();
    if (classes.size() != architecture.numClasses()) {
      throw new IllegalArgumentException(
          String.format(
              "%d class names for a head of %d classes",
              classes.size(), architecture.numClasses()));
    }
    boolean dense = architecture.dense();
    return new ModelCard(
        String.valueOf(known.name()),
        weightsHash(parameters),
        classes,
        architecture.imageSize(),
        architecture.tokensPerImage(),
        architecture.moeBlocks(),
        architecture.numExperts(),
        dense || known.expertsPerToken() == null ? 0 : known.expertsPerToken(),
        known.capacityRatio() == null ? 1 : known.capacityRatio(),
        oneOf("activation", known.activation(), "softmax", "sigmoid").equals("softmax"),
        oneOf("resize", known.resize(), "bilinear", "area"),
        architecture.describe());
  }

  private static String oneOf(String what, @Nullable String value, String first, String second) {
    if (value != null && (value.equals(first) || value.equals(second))) {
      return value;
    }
    throw new IllegalArgumentException(
        what + " '" + value + "' is neither " + first + " nor " + second);
  }

  /** SHA-256 over path, shape and fp32 values of every parameter, in the order of the paths. */
  private static String weightsHash(ParameterTree parameters) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
    for (String path : parameters.paths()) {
      Tensor leaf = parameters.get(path);
      digest.update((path + leaf.describeShape()).getBytes(StandardCharsets.UTF_8));
      FloatBuffer values = leaf.values();
      ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
      while (values.hasRemaining()) {
        bytes.clear();
        while (values.hasRemaining() && bytes.remaining() >= Float.BYTES) {
          bytes.putFloat(values.get());
        }
        digest.update(bytes.flip());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
