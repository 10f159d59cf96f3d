package dev.vmoe.moe;

import java.util.List;

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
}
