package dev.vmoe.core.model;

import static dev.vmoe.core.model.Parameters.ANY;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The widths and depths of a V-MoE or of its dense twin: all that its parameters' shapes tell.
 *
 * @param imageSize height and width of an image, in pixels
 * @param patchSize height and width of a patch, in pixels
 * @param hiddenSize D
 * @param mlpSize H, of dense blocks and of experts
 * @param numHeads attention heads
 * @param numBlocks encoder blocks
 * @param moeBlocks blocks whose MLP is a mixture of experts, ascending; empty for a dense model
 * @param numExperts E; 0 for a dense model
 * @param numClasses logits
 * @param classifier what the head reads
 * @param preLogitsSize width of the layer before the head; 0 where there is none
 * @param epsilon what layer norms add to the variance
 * @param erfGelu whether GELU is in its erf form, not its tanh form
 */
public record VmoeArchitecture(
    int imageSize,
    int patchSize,
    int hiddenSize,
    int mlpSize,
    int numHeads,
    int numBlocks,
    List<Integer> moeBlocks,
    int numExperts,
    int numClasses,
    Classifier classifier,
    int preLogitsSize,
    float epsilon,
    boolean erfGelu) {

  /** Parameter (1), where layer norms have another epsilon than V-MoE's. */
  public static final String EPSILON = "numerics/epsilon";

  /** Parameter (1): 1 where GELU is in its erf form. */
  public static final String ERF_GELU = "numerics/erf_gelu";

  /** What V-MoE's layer norms add to the variance. */
  public static final float VMOE_EPSILON = 1e-6f;

  private static final Pattern BLOCK = Pattern.compile("Encoder/encoderblock_(\\d{1,4})/");

  /** What the head reads of the last block. */
  public enum Classifier {
    /** The class token, which stands before the patches. */
    TOKEN(1),
    /** The class token and, behind it, the distillation token. */
    DISTILLED(2),
    /** The mean over all tokens. */
    GAP(0);

    private final int tokens;

    Classifier(int tokens) {
      this.tokens = tokens;
    }

    /** Returns the tokens before the patches. */
    public int tokens() {
      return tokens;
    }
  }

  /** Rejects what no model can be. */
  public VmoeArchitecture {
    moeBlocks = List.copyOf(moeBlocks);
    require(patchSize >= 1, "patch size", patchSize);
    require(numBlocks >= 1, "number of blocks", numBlocks);
    require(numClasses >= 1, "number of classes", numClasses);
    if (imageSize < patchSize || imageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "image size " + imageSize + " is no multiple of the patch size " + patchSize);
    }
    if (numHeads < 1 || hiddenSize % numHeads != 0) {
      throw new IllegalArgumentException(
          "hidden size " + hiddenSize + " is no multiple of " + numHeads + " heads");
    }
    if (moeBlocks.stream().anyMatch(block -> block < 0 || block >= numBlocks)) {
      throw new IllegalArgumentException(
          "MoE blocks " + moeBlocks + " are not all among " + numBlocks + " blocks");
    }
    if (erfGelu && !moeBlocks.isEmpty() || !(epsilon > 0)) {
      throw new IllegalArgumentException(
          "epsilon " + epsilon + " is not above 0, or experts have GELU in its erf form");
    }
    if (moeBlocks.isEmpty() != (numExperts == 0)) {
      throw new IllegalArgumentException(
          numExperts + " experts do not go with the MoE blocks " + moeBlocks);
    }
  }

  private static void require(boolean condition, String what, int value) {
    if (!condition) {
      throw new IllegalArgumentException(what + " " + value + " is below 1");
    }
  }

  /**
   * Reads the architecture off the shapes of a checkpoint.
   *
   * @throws IllegalArgumentException if a parameter is missing or the shapes contradict each other;
   *     names the parameter and the shapes
   */
  public static VmoeArchitecture of(ParameterTree checkpoint) {
    Parameters model = Parameters.of(checkpoint);
    if (!model.contains("embedding") && !model.contains("Encoder")) {
      throw new IllegalArgumentException(
          "checkpoint is neither a V-MoE nor a ViT of a known source; it has parameters like "
              + checkpoint.paths().stream().limit(2).collect(Collectors.joining(" and ")));
    }
    Tensor embedding = model.get("embedding/kernel", ANY, ANY, 3, ANY);
    int patch = embedding.extent(0);
    int hidden = embedding.extent(3);
    Tensor head = model.get("head/kernel", ANY, ANY);

    Parameters encoder = model.in("Encoder");
    int blocks = numBlocks(checkpoint);
    int mlp = 0;
    int experts = 0;
    List<Integer> moeBlocks = new ArrayList<>();
    for (int i = 0; i < blocks; i++) {
      Parameters block = encoder.in("encoderblock_" + i);
      if (block.contains("Moe")) {
        refuseEnsemble(block);
        Tensor router = block.get("Moe/Router/dense/kernel", hidden, experts == 0 ? ANY : experts);
        experts = router.extent(1);
        mlp = block.get("Moe/Mlp/Dense_0/kernel", experts, hidden, mlp == 0 ? ANY : mlp).extent(2);
        moeBlocks.add(i);
      } else {
        mlp = block.get("Mlp/Dense_0/kernel", hidden, mlp == 0 ? ANY : mlp).extent(1);
      }
    }

    Classifier classifier = classifier(model, hidden);
    return new VmoeArchitecture(
        patch * patchesASide(encoder, hidden, classifier.tokens()),
        patch,
        hidden,
        mlp,
        encoder.get("encoderblock_0/SelfAttention/query/kernel", hidden, ANY, ANY).extent(1),
        blocks,
        moeBlocks,
        experts,
        head.extent(1),
        classifier,
        model.contains("pre_logits") ? head.extent(0) : 0,
        model.contains(EPSILON) ? model.get(EPSILON, 1).at(0) : VMOE_EPSILON,
        model.contains(ERF_GELU) && model.get(ERF_GELU, 1).at(0) != 0);
  }

  private static Classifier classifier(Parameters model, int hidden) {
    if (!model.contains("cls")) {
      return Classifier.GAP;
    }
    int tokens = model.get("cls", 1, ANY, hidden).extent(1);
    return switch (tokens) {
      case 1 -> Classifier.TOKEN;
      case 2 -> Classifier.DISTILLED;
      default -> throw new IllegalArgumentException(tokens + " tokens before the patches");
    };
  }

  /** Refuses E³, whose members have a router each: (D, members, E / members). */
  private static void refuseEnsemble(Parameters block) {
    String path = "Moe/Router/dense/kernel";
    if (block.find(path).filter(router -> router.rank() == 3).isPresent()) {
      throw new IllegalArgumentException(
          String.format(
              "parameter %s has shape %s: an ensemble (E³) of %d members with a router each, which"
                  + " cannot be imported",
              block.pathOf(path),
              block.find(path).orElseThrow().describeShape(),
              block.find(path).orElseThrow().extent(1)));
    }
  }

  /** Returns the number of encoder blocks, none of which may be missing. */
  private static int numBlocks(ParameterTree checkpoint) {
    SortedSet<Integer> blocks =
        checkpoint.paths().stream()
            .map(BLOCK::matcher)
            .filter(Matcher::lookingAt)
            .map(path -> Integer.valueOf(path.group(1)))
            .collect(Collectors.toCollection(TreeSet::new));
    int numBlocks = blocks.isEmpty() ? 0 : blocks.last() + 1;
    for (int i = 0; i < Math.max(1, numBlocks); i++) {
      if (!blocks.contains(i)) {
        throw new IllegalArgumentException(
            numBlocks == 0
                ? "checkpoint has no Encoder/encoderblock_0"
                : String.format(
                    "checkpoint has no Encoder/encoderblock_%d, but encoderblock_%d",
                    i, numBlocks - 1));
      }
    }
    return numBlocks;
  }

  private static int patchesASide(Parameters encoder, int hidden, int tokensBefore) {
    String path = "posembed_input/pos_embedding";
    int tokens = encoder.get(path, 1, ANY, hidden).extent(1);
    int patches = tokens - tokensBefore;
    if (patches < 1 || !isSquare(patches)) {
      throw new IllegalArgumentException(
          String.format(
              "parameter %s has %d tokens: %d patches are no square%s",
              encoder.pathOf(path),
              tokens,
              patches,
              tokensBefore > 0 && isSquare(tokens)
                  ? ". A class token without a position (no_embed_class) cannot be imported"
                  : ""));
    }
    return (int) Math.round(Math.sqrt(patches));
  }

  private static boolean isSquare(int patches) {
    long side = Math.round(Math.sqrt(patches));
    return side * side == patches;
  }

  /** Returns T: patches, and the tokens before them. */
  public int tokensPerImage() {
    return numPatches() + classifier.tokens();
  }

  /** Returns patches an image. */
  public int numPatches() {
    int side = imageSize / patchSize;
    return side * side;
  }

  /** Returns F, the width of what the head reads. */
  public int featuresLength() {
    return preLogitsSize > 0 ? preLogitsSize : hiddenSize * Math.max(1, classifier.tokens());
  }

  /** Returns whether no block is a mixture of experts. */
  public boolean dense() {
    return moeBlocks.isEmpty();
  }

  /** Returns a line a person can read. */
  public String describe() {
    String mlps =
        dense()
            ? "dense"
            : numExperts + " experts in blocks " + moeBlocks.toString().replaceAll("[\\[\\]]", "");
    return String.format(
        "%d blocks, hidden %d, MLP %d, %d heads, patches of %d in %d×%d, %s",
        numBlocks, hiddenSize, mlpSize, numHeads, patchSize, imageSize, imageSize, mlps);
  }
}
