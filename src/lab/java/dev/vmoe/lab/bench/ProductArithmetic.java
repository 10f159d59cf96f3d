package dev.vmoe.lab.bench;

import dev.vmoe.core.model.VmoeArchitecture;

/**
 * Floating-point operations of a model's matrix products, two for each multiplication: what the
 * time of a graph is compared with. What is not a product counts nothing.
 *
 * <p>Axes: T tokens an image, P patches, D hidden size, H MLP size, E experts.
 *
 * @param imageFlops of one image, without the rows of its experts
 * @param expertRowFlops of one row of one expert: a token in one of its slots
 */
public record ProductArithmetic(double imageFlops, double expertRowFlops) {

  /** Counts the products of a model. */
  public static ProductArithmetic of(VmoeArchitecture a) {
    double tokens = a.tokensPerImage();
    double d = a.hiddenSize();
    double mlp = 4 * d * a.mlpSize();
    double attention = tokens * (8 * d * d + 4 * tokens * d); // four projections; q·k and ·v
    int moeBlocks = a.moeBlocks().size();
    double blocks =
        a.numBlocks() * attention
            + (a.numBlocks() - moeBlocks) * tokens * mlp
            + moeBlocks * tokens * 2 * d * a.numExperts(); // routers
    double embedding = 2.0 * a.numPatches() * 3 * a.patchSize() * a.patchSize() * d;
    double width = a.preLogitsSize() > 0 ? a.preLogitsSize() : d;
    double tokensRead =
        2 * d * a.preLogitsSize() + 2 * width * a.numClasses(); // the head reads one row an image
    return new ProductArithmetic(embedding + blocks + tokensRead, mlp);
  }

  /** Returns the operations of one image of which so many rows were computed by experts. */
  public double flops(double expertRows) {
    return imageFlops + expertRows * expertRowFlops;
  }
}
