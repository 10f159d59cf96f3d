package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;
import java.util.function.UnaryOperator;

/**
 * One block of the encoder: attention, then an MLP or a mixture of experts, each on the normalised
 * tokens and added to them.
 *
 * <p>Axes: N tokens of the batch, D hidden size.
 */
final class EncoderBlock {

  private EncoderBlock() {}

  /**
   * Returns the tokens after the block, (N, D).
   *
   * @param x the tokens before it, (N, D)
   * @param mlp the block's second half, (N, D) to (N, D)
   */
  static Value of(
      Value x, VmoeArchitecture a, Parameters block, Form form, UnaryOperator<Value> mlp) {
    Value y =
        x.plus(
            SelfAttention.of(
                Norm.of(x, a, block.in("LayerNorm_0"), form), a, block.in("SelfAttention"), form));
    return y.plus(mlp.apply(Norm.of(y, a, block.in("LayerNorm_1"), form)));
  }
}
