package dev.vmoe.moe;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a model file says about itself: written into the file when a checkpoint becomes a graph,
 * read back when the graph is loaded.
 *
 * @param name name of the model
 * @param weightsHash SHA-256 over the weights, in hexadecimal
 * @param classes class names in the order of the logits; never empty (indices where unnamed)
 * @param imageSize height and width of the input, in pixels
 * @param tokensPerImage T
 * @param moeBlocks encoder blocks that are MoE layers, ascending; empty for a dense model
 * @param numExperts E; 0 for a dense model
 * @param expertsPerToken K the model was trained with, and the largest it can run with; 0 if dense
 * @param capacityRatio capacity ratio the model was trained with
 * @param softmax whether scores are a softmax over classes; a sigmoid of each class otherwise
 * @param resize how an image is brought to size: {@code bilinear}, or {@code area} of the smaller
 *     side and central crop
 * @param architecture human-readable description of depth and widths
 */
public record ModelCard(
    String name,
    String weightsHash,
    List<String> classes,
    int imageSize,
    int tokensPerImage,
    List<Integer> moeBlocks,
    int numExperts,
    int expertsPerToken,
    double capacityRatio,
    boolean softmax,
    String resize,
    String architecture) {

  /** Copies the lists. */
  public ModelCard {
    classes = List.copyOf(classes);
    moeBlocks = List.copyOf(moeBlocks);
  }

  /** Returns L, the number of MoE layers. */
  public int numLayers() {
    return moeBlocks.size();
  }

  /** Returns whether no block is an MoE layer. */
  public boolean dense() {
    return moeBlocks.isEmpty();
  }

  /** Returns the card as the string pairs that a model file holds. */
  public Map<String, String> toMetadata() {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("vmoe.name", name);
    metadata.put("vmoe.weights_hash", weightsHash);
    metadata.put("vmoe.classes", String.join("\n", classes));
    metadata.put("vmoe.image_size", Integer.toString(imageSize));
    metadata.put("vmoe.tokens_per_image", Integer.toString(tokensPerImage));
    metadata.put(
        "vmoe.moe_blocks",
        moeBlocks.stream().map(String::valueOf).collect(Collectors.joining(",")));
    metadata.put("vmoe.num_experts", Integer.toString(numExperts));
    metadata.put("vmoe.experts_per_token", Integer.toString(expertsPerToken));
    metadata.put("vmoe.capacity_ratio", Double.toString(capacityRatio));
    metadata.put("vmoe.activation", softmax ? "softmax" : "sigmoid");
    metadata.put("vmoe.resize", resize);
    metadata.put("vmoe.architecture", architecture);
    return metadata;
  }

  /**
   * Reads the card from a model file's string pairs.
   *
   * @throws IllegalArgumentException if one is missing: the file is not of this project
   */
  public static ModelCard fromMetadata(Map<String, String> metadata) {
    String blocks = value(metadata, "vmoe.moe_blocks");
    return new ModelCard(
        value(metadata, "vmoe.name"),
        value(metadata, "vmoe.weights_hash"),
        List.of(value(metadata, "vmoe.classes").split("\n")),
        integer(metadata, "vmoe.image_size"),
        integer(metadata, "vmoe.tokens_per_image"),
        blocks.isEmpty()
            ? List.of()
            : Arrays.stream(blocks.split(",")).map(Integer::valueOf).toList(),
        integer(metadata, "vmoe.num_experts"),
        integer(metadata, "vmoe.experts_per_token"),
        Double.parseDouble(value(metadata, "vmoe.capacity_ratio")),
        value(metadata, "vmoe.activation").equals("softmax"),
        value(metadata, "vmoe.resize"),
        value(metadata, "vmoe.architecture"));
  }

  private static int integer(Map<String, String> metadata, String key) {
    return Integer.parseInt(value(metadata, key));
  }

  private static String value(Map<String, String> metadata, String key) {
    String value = metadata.get(key);
    if (value == null) {
      throw new IllegalArgumentException(
          "the model file does not say " + key + ": make it with `vmoe model import`");
    }
    return value;
  }
}
