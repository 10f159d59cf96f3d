package dev.vmoe.core.model;

import dev.vmoe.core.onnx.Value;
import dev.vmoe.core.tensor.Tensor;
import java.util.List;

/**
 * Images to tokens: each patch becomes one row, one matrix product embeds all rows, the class token
 * goes in front, the position is added.
 *
 * <p>The value range x / 255 · 2 − 1 is folded into the product: (2x/255 − 1)·W + b is x·(2W/255) +
 * (b − the column sums of W), so the pixels go in as they are.
 *
 * <p>Axes: B images, P patches an image, T tokens, p patch size, D hidden size.
 */
final class PatchEmbedding {

  private static final double PIXEL_STEP = 2.0 / 255;

  private PatchEmbedding() {}

  /**
   * Returns the tokens, (B, T, D).
   *
   * @param images (B, H, W, 3) uint8
   * @param batch B as (1) int64
   */
  static Value of(Value images, Value batch, VmoeArchitecture a, Parameters model, Form form) {
    var graph = images.graph();
    int p = a.patchSize();
    int d = a.hiddenSize();
    int side = a.imageSize() / p;
    int inputs = p * p * 3;
    Tensor kernel = model.get("embedding/kernel", p, p, 3, d);
    Tensor bias = model.get("embedding/bias", d);
    Tensor positions = model.get("Encoder/posembed_input/pos_embedding", 1, a.tokensPerImage(), d);

    Value pixels =
        images
            .reshape(-1, side, p, side, p * 3L) // (B, rows, p, columns, 3p)
            .transpose(0, 1, 3, 2, 4)
            .reshape(-1, inputs); // (B·P, 3p²)
    Value patches =
        ProductRows.ofBytes(pixels, form.precision())
            .times(scaled(kernel).reshape(inputs, d))
            .reshape(-1, a.numPatches(), d);
    int tokensBefore = a.classifier().tokens();
    Value embedded =
        patches.plus(
            form.precision()
                .inGraph(
                    graph.constant(
                        "bias", positionsAndBias(positions, bias, kernel, tokensBefore))));
    if (tokensBefore == 0) {
      return embedded;
    }
    Value first =
        form.precision()
            .inGraph(graph.constant("cls", sum(model.get("cls", 1, tokensBefore, d), positions)));
    Value firsts = first.expand(graph.concat(0, List.of(batch, graph.integers(tokensBefore, d))));
    return graph.concat(1, List.of(firsts, embedded));
  }

  private static Tensor scaled(Tensor kernel) {
    float[] values = new float[kernel.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (kernel.at(i) * PIXEL_STEP);
    }
    return Tensor.takeOver(values, kernel.shape());
  }

  /** Returns what is added to the patches beside the product, (1, P, D). */
  private static Tensor positionsAndBias(
      Tensor positions, Tensor bias, Tensor kernel, int tokensBefore) {
    int d = bias.size();
    double[] columnSums = new double[d];
    for (int i = 0; i < kernel.size(); i++) {
      columnSums[i % d] += kernel.at(i);
    }
    int skipped = tokensBefore * d;
    float[] values = new float[positions.size() - skipped];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (positions.at(i + skipped) + bias.at(i % d) - columnSums[i % d]);
    }
    return Tensor.takeOver(values, 1, values.length / d, d);
  }

  /** Returns the tokens before the patches at their positions, (1, tokensBefore, D). */
  private static Tensor sum(Tensor cls, Tensor positions) {
    float[] values = new float[cls.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = cls.at(i) + positions.at(i);
    }
    return Tensor.takeOver(values, cls.shape());
  }
}
