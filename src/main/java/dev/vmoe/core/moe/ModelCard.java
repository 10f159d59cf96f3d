package dev.vmoe.core.moe;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * @param resize how an image is brought to size: {@code bilinear}, or {@code area} of the shorter
 *     side and central crop
 * @param architecture human-readable description of depth and widths
 * @param groups group of each class, such as its script, in the order of the classes; empty where
 *     they have none
 * @param featuresLength F, numbers in the vector that the last layer makes the logits of; 0 where
 *     the graph does not give it
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
    String architecture,
    List<String> groups,
    int featuresLength) {

  private static final String FEATURES = "vmoe.features_length";

  /** Entry of a model file that says nothing of groups where there are none. */
  private static final String GROUPS = "vmoe.class_groups";

  /** Maximum classes that a message lists by name. */
  private static final int MAX_LISTED = 20;

  private static final Pattern BLOCKS = Pattern.compile("^(\\d+) blocks,");

  /**
   * Copies the lists; rejects a name that breaks the line, groups of other than all classes, an
   * unknown resize, and more experts than routing can put in order.
   */
  public ModelCard {
    requireLines("class", classes);
    requireLines("group", groups);
    if (!groups.isEmpty() && groups.size() != classes.size()) {
      throw new IllegalArgumentException(
          groups.size() + " groups for " + classes.size() + " classes: each class needs one");
    }
    Resize.ofLabel(resize);
    if ((long) numExperts * expertsPerToken > RoutingLimits.MAX_EXPERT_CHOICES) {
      throw new IllegalArgumentException(
          String.format(
              "%d experts of which a token goes to %d: the product may be %d at most",
              numExperts, expertsPerToken, RoutingLimits.MAX_EXPERT_CHOICES));
    }
    classes = List.copyOf(classes);
    moeBlocks = List.copyOf(moeBlocks);
    groups = List.copyOf(groups);
  }

  private static void requireLines(String what, List<String> names) {
    for (String name : names) {
      if (name.contains("\n")) {
        throw new IllegalArgumentException(what + " name '" + name + "' is more than one line");
      }
    }
  }

  /** Returns how many classes there are, and the names of all or of the first, for messages. */
  public String classesInShort() {
    boolean all = classes.size() <= MAX_LISTED;
    return "%d classes: %s%s"
        .formatted(
            classes.size(),
            String.join(", ", all ? classes : classes.subList(0, MAX_LISTED)),
            all ? "" : ", …");
  }

  /** Returns the group of each class name; empty where classes have none. */
  public Map<String, String> groupsByClass() {
    Map<String, String> byClass = new HashMap<>();
    for (int i = 0; i < groups.size(); i++) {
      byClass.putIfAbsent(classes.get(i), groups.get(i));
    }
    return byClass;
  }

  /** Returns the number of encoder blocks; empty where the architecture does not begin with it. */
  public OptionalInt blocks() {
    Matcher blocks = BLOCKS.matcher(architecture);
    return blocks.find() ? OptionalInt.of(Integer.parseInt(blocks.group(1))) : OptionalInt.empty();
  }

  /** Returns L, the number of MoE layers. */
  public int numLayers() {
    return moeBlocks.size();
  }

  /** Returns whether no block is an MoE layer. */
  public boolean dense() {
    return moeBlocks.isEmpty();
  }

  /**
   * Checks that the model can send each token to this many experts; a dense model does not mind.
   *
   * @throws IllegalArgumentException if it was not trained with as many
   */
  public void requireExpertsPerToken(int k) {
    if (!dense() && k > expertsPerToken) {
      throw new IllegalArgumentException(
          String.format(
              "experts per token %d outside 1 to %d, the K that %s was trained with",
              k, expertsPerToken, name));
    }
  }

  /**
   * Returns C, the slots of an expert in a run; 0 for a dense model. A ratio at which nothing can
   * be dropped gives no more than that takes.
   *
   * @param numImages images routed together
   */
  public int slots(int numImages, int k, double capacityRatio) {
    if (dense()) {
      return 0;
    }
    double nothingDropped = (double) numExperts / k;
    return Capacity.slots(
        Math.multiplyExact(numImages, tokensPerImage),
        k,
        Math.min(capacityRatio, nothingDropped),
        numExperts);
  }

  /** Returns the card as the entries of a model file's metadata. */
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
    metadata.put("vmoe.scores", softmax ? "softmax" : "sigmoid");
    metadata.put("vmoe.resize", resize);
    metadata.put("vmoe.architecture", architecture);
    if (!groups.isEmpty()) {
      metadata.put(GROUPS, String.join("\n", groups));
    }
    if (featuresLength > 0) {
      metadata.put(FEATURES, Integer.toString(featuresLength));
    }
    return metadata;
  }

  /**
   * Returns the card that a model file's metadata holds.
   *
   * @throws IllegalArgumentException if an entry is missing or cannot be read; names it
   */
  public static ModelCard fromMetadata(Map<String, String> metadata) {
    return new ModelCard(
        entry(metadata, "vmoe.name", Function.identity()),
        entry(metadata, "vmoe.weights_hash", Function.identity()),
        entry(metadata, "vmoe.classes", ModelCard::lines),
        entry(metadata, "vmoe.image_size", Integer::valueOf),
        entry(metadata, "vmoe.tokens_per_image", Integer::valueOf),
        entry(metadata, "vmoe.moe_blocks", ModelCard::numbers),
        entry(metadata, "vmoe.num_experts", Integer::valueOf),
        entry(metadata, "vmoe.experts_per_token", Integer::valueOf),
        entry(metadata, "vmoe.capacity_ratio", Double::valueOf),
        entry(metadata, "vmoe.scores", ModelCard::isSoftmax),
        entry(metadata, "vmoe.resize", Function.identity()),
        entry(metadata, "vmoe.architecture", Function.identity()),
        metadata.containsKey(GROUPS) ? entry(metadata, GROUPS, ModelCard::lines) : List.of(),
        metadata.containsKey(FEATURES) ? entry(metadata, FEATURES, Integer::valueOf) : 0);
  }

  private static <T> T entry(Map<String, String> metadata, String key, Function<String, T> read) {
    String value = metadata.get(key);
    if (value == null) {
      throw new IllegalArgumentException("model file has no metadata entry " + key);
    }
    try {
      return read.apply(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "model file's metadata entry " + key + " is '" + value + "'", e);
    }
  }

  private static List<String> lines(String text) {
    return List.of(text.split("\n", -1));
  }

  private static List<Integer> numbers(String text) {
    List<Integer> numbers = new ArrayList<>();
    if (!text.isEmpty()) {
      for (String number : text.split(",", -1)) {
        numbers.add(Integer.valueOf(number));
      }
    }
    return numbers;
  }

  private static boolean isSoftmax(String text) {
    return switch (text) {
      case "softmax" -> true;
      case "sigmoid" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }
}
