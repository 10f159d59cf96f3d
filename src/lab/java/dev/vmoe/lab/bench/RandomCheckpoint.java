package dev.vmoe.lab.bench;

import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A checkpoint of random weights, for measuring speed and for tests: as a model before training,
 * except that biases are random too, so that a test notices a bias that is missing.
 *
 * <p>What attention and MLPs add to the tokens is smaller in deeper models, so that all blocks
 * together add about as much as the embedding is. Without that, what tokens have in common grows
 * block by block, and the deeper routers send nearly all of them to the same experts, which no
 * trained router does.
 */
public final class RandomCheckpoint {

  private final Map<String, Tensor> leaves = new HashMap<>();
  private final Random random;

  private RandomCheckpoint(long seed) {
    random = new Random(seed);
  }

  /** Returns random weights; the same for the same seed. */
  public static ParameterTree of(VmoeArchitecture a, long seed) {
    RandomCheckpoint checkpoint = new RandomCheckpoint(seed);
    checkpoint.fill(a);
    return new ParameterTree(checkpoint.leaves);
  }

  /** Returns the dense twin of an architecture: the same widths and depths, each MLP dense. */
  public static VmoeArchitecture denseTwin(VmoeArchitecture a) {
    return new VmoeArchitecture(
        a.imageSize(),
        a.patchSize(),
        a.hiddenSize(),
        a.mlpSize(),
        a.numHeads(),
        a.numBlocks(),
        List.of(),
        0,
        a.numClasses(),
        a.classifier(),
        a.preLogitsSize(),
        a.epsilon(),
        a.erfGelu());
  }

  private void fill(VmoeArchitecture a) {
    int d = a.hiddenSize();
    int p = a.patchSize();
    int head = d / a.numHeads();
    int branches = 2 * a.numBlocks();
    kernel("embedding/kernel", p * p * 3, p, p, 3, d);
    small("embedding/bias", d);
    int tokensBefore = a.classifier().tokens();
    if (tokensBefore > 0) {
      small("cls", 1, tokensBefore, d);
    }
    small("Encoder/posembed_input/pos_embedding", 1, a.tokensPerImage(), d);
    for (int i = 0; i < a.numBlocks(); i++) {
      String block = "Encoder/encoderblock_" + i + "/";
      norm(block + "LayerNorm_0/", d);
      norm(block + "LayerNorm_1/", d);
      for (String projection : List.of("query", "key", "value")) {
        kernel(block + "SelfAttention/" + projection + "/kernel", d, d, a.numHeads(), head);
        small(block + "SelfAttention/" + projection + "/bias", a.numHeads(), head);
      }
      kernel(block + "SelfAttention/out/kernel", d * branches, a.numHeads(), head, d);
      small(block + "SelfAttention/out/bias", d);
      if (a.moeBlocks().contains(i)) {
        kernel(block + "Moe/Router/dense/kernel", d, d, a.numExperts());
        String mlp = block + "Moe/Mlp/";
        kernel(mlp + "Dense_0/kernel", d, a.numExperts(), d, a.mlpSize());
        small(mlp + "Dense_0/bias", a.numExperts(), a.mlpSize());
        kernel(mlp + "Dense_1/kernel", a.mlpSize() * branches, a.numExperts(), a.mlpSize(), d);
        small(mlp + "Dense_1/bias", a.numExperts(), d);
      } else {
        dense(block + "Mlp/Dense_0", d, a.mlpSize());
        kernel(block + "Mlp/Dense_1/kernel", a.mlpSize() * branches, a.mlpSize(), d);
        small(block + "Mlp/Dense_1/bias", d);
      }
    }
    norm("Encoder/encoder_norm/", d);
    int width = d * Math.max(1, tokensBefore);
    if (a.preLogitsSize() > 0) {
      dense("pre_logits", width, a.preLogitsSize());
    }
    dense("head", a.preLogitsSize() > 0 ? a.preLogitsSize() : width, a.numClasses());
  }

  private void dense(String path, int in, int out) {
    kernel(path + "/kernel", in, in, out);
    small(path + "/bias", out);
  }

  private void norm(String path, int width) {
    leaf(path + "scale", 1, 0.02f, width);
    small(path + "bias", width);
  }

  /** Adds values of variance 1 / inputs, which keeps the variance of what goes through. */
  private void kernel(String path, int inputs, int... shape) {
    leaf(path, 0, (float) Math.sqrt(1.0 / inputs), shape);
  }

  private void small(String path, int... shape) {
    leaf(path, 0, 0.02f, shape);
  }

  private void leaf(String path, float mean, float deviation, int... shape) {
    int size = 1;
    for (int extent : shape) {
      size = Math.multiplyExact(size, extent);
    }
    float[] values = new float[size];
    float halfWidth = deviation * (float) Math.sqrt(3); // uniform: fast, and as good here
    for (int i = 0; i < size; i++) {
      values[i] = mean + halfWidth * (2 * random.nextFloat() - 1);
    }
    leaves.put(path, Tensor.takeOver(values, shape));
  }
}
