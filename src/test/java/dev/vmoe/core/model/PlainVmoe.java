package dev.vmoe.core.model;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * V-MoE's forward pass as loops in double, written from the description of the model: it shares no
 * code with the graph and reads the parameters by their names itself. Slow, and meant to be.
 *
 * <p>Axes: B images, T tokens an image, N = B·T, D hidden size, H MLP size, h heads, d = D/h, L MoE
 * layers, E experts, K experts a token.
 */
final class PlainVmoe {

  private static final double EPSILON = 1e-6;

  private final ParameterTree tree;
  private final boolean sincos;

  private PlainVmoe(ParameterTree tree, boolean sincos) {
    this.tree = tree;
    this.sincos = sincos;
  }

  /** Returns the model of a checkpoint, with the positions that it has learned. */
  static PlainVmoe learned(ParameterTree tree) {
    return new PlainVmoe(tree, false);
  }

  /** Returns the model of a checkpoint, whose positions are sines and cosines of place. */
  static PlainVmoe sincos2d(ParameterTree tree) {
    return new PlainVmoe(tree, true);
  }

  /**
   * How one batch is routed.
   *
   * @param k K
   * @param ratio capacity ratio
   * @param priority batch priority routing, or vanilla order
   */
  record Setting(int k, double ratio, boolean priority) {}

  /**
   * What the model says.
   *
   * @param logits (B, classes)
   * @param gates (L, N, E)
   * @param routed (L)
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Said(double[][] logits, List<double[][]> gates, List<PlainRouter.Routed> routed) {

    /** Returns the smallest margin of any decision; infinite where there was none. */
    double margin() {
      return routed.stream()
          .mapToDouble(PlainRouter.Routed::margin)
          .min()
          .orElse(Double.POSITIVE_INFINITY);
    }
  }

  /**
   * Runs a batch.
   *
   * @param images (B, S, S, 3) uint8
   */
  Said run(byte[] images, int numImages, Setting setting) {
    double[][] x = embed(images, numImages); // (N, D)
    int tokens = x.length / numImages;
    List<double[][]> gates = new ArrayList<>();
    List<PlainRouter.Routed> routed = new ArrayList<>();
    for (int block = 0; tree.contains("Encoder/encoderblock_" + block); block++) {
      String path = "Encoder/encoderblock_" + block + "/";
      add(x, attend(norm(x, path + "LayerNorm_0"), tokens, path + "SelfAttention/"));
      double[][] y = norm(x, path + "LayerNorm_1");
      if (tree.contains(path + "Moe")) {
        double[][] gate = softmax(product(y, path + "Moe/Router/dense/kernel", 0));
        int slots = PlainRouter.slots(y.length, setting.k(), setting.ratio(), gate[0].length);
        PlainRouter.Routed plan = PlainRouter.route(gate, setting.k(), slots, setting.priority());
        add(x, mixture(y, gate, plan, path + "Moe/Mlp/"));
        gates.add(gate);
        routed.add(plan);
      } else {
        add(x, mlp(y, path + "Mlp/", 0));
      }
    }
    return new Said(head(norm(x, "Encoder/encoder_norm"), tokens), gates, routed);
  }

  /** Returns (N, D): each patch through one dense layer, the class token first, positions added. */
  private double[][] embed(byte[] images, int numImages) {
    Tensor kernel = tree.get("embedding/kernel"); // (p, p, 3, D)
    int p = kernel.extent(0);
    int size = (int) Math.round(Math.sqrt(images.length / 3.0 / numImages));
    int side = size / p;
    double[][] patches = new double[numImages * side * side][p * p * 3];
    for (int patch = 0; patch < patches.length; patch++) {
      int image = patch / (side * side);
      int row = patch % (side * side) / side;
      int column = patch % side;
      for (int i = 0; i < p * p * 3; i++) {
        int y = row * p + i / (3 * p);
        int x = column * p + i / 3 % p;
        int value = images[((image * size + y) * size + x) * 3 + i % 3] & 0xff;
        patches[patch][i] = value / 255.0 * 2 - 1;
      }
    }
    double[][] embedded = plus(product(patches, "embedding/kernel", 0), "embedding/bias", 0);

    boolean classToken = tree.contains("cls");
    double[] cls = classToken ? doubles("cls", 0, 1) : new double[0];
    int first = classToken ? 1 : 0;
    int tokens = side * side + first;
    double[][] all = new double[numImages * tokens][];
    for (int token = 0; token < all.length; token++) {
      int place = token % tokens;
      all[token] =
          place < first
              ? cls.clone()
              : embedded[token / tokens * side * side + place - first].clone();
      if (sincos) {
        if (place >= first) {
          add(all[token], sincos((place - first) / side, (place - first) % side, kernel.extent(3)));
        }
      } else {
        add(all[token], doubles("Encoder/posembed_input/pos_embedding", place, tokens));
      }
    }
    return all;
  }

  /** Returns (D): sines and cosines of the column, then of the row, at D/4 frequencies each. */
  static double[] sincos(int row, int column, int width) {
    int quarter = width / 4;
    double[] values = new double[width];
    for (int i = 0; i < quarter; i++) {
      double frequency = Math.pow(10_000, -i / (quarter - 1.0));
      values[i] = Math.sin(column * frequency);
      values[quarter + i] = Math.cos(column * frequency);
      values[2 * quarter + i] = Math.sin(row * frequency);
      values[3 * quarter + i] = Math.cos(row * frequency);
    }
    return values;
  }

  /** Returns (N, D), what attention adds. */
  private double[][] attend(double[][] x, int tokens, String path) {
    int heads = tree.get(path + "query/kernel").extent(1);
    int width = x[0].length / heads;
    double[][] query = plus(product(x, path + "query/kernel", 0), path + "query/bias", 0);
    double[][] key = plus(product(x, path + "key/kernel", 0), path + "key/bias", 0);
    double[][] value = plus(product(x, path + "value/kernel", 0), path + "value/bias", 0);
    double[][] mixed = new double[x.length][x[0].length];
    for (int from = 0; from < x.length; from++) {
      int image = from / tokens * tokens;
      for (int head = 0; head < heads; head++) {
        double[] scores = new double[tokens];
        for (int to = 0; to < tokens; to++) {
          for (int i = head * width; i < (head + 1) * width; i++) {
            scores[to] += query[from][i] * key[image + to][i] / Math.sqrt(width);
          }
        }
        double[] share = softmax(new double[][] {scores})[0];
        for (int to = 0; to < tokens; to++) {
          for (int i = head * width; i < (head + 1) * width; i++) {
            mixed[from][i] += share[to] * value[image + to][i];
          }
        }
      }
    }
    return plus(product(mixed, path + "out/kernel", 0), path + "out/bias", 0);
  }

  /** Returns (N, D): of each kept choice the expert's answer times its gate. */
  private double[][] mixture(double[][] x, double[][] gate, PlainRouter.Routed plan, String path) {
    double[][] sum = new double[x.length][x[0].length];
    for (int expert = 0; expert < gate[0].length; expert++) {
      List<Integer> rows = new ArrayList<>();
      for (int token = 0; token < x.length; token++) {
        for (int choice = 0; choice < plan.expert()[token].length; choice++) {
          if (plan.kept()[token][choice] && plan.expert()[token][choice] == expert) {
            rows.add(token);
          }
        }
      }
      double[][] answers =
          mlp(rows.stream().map(row -> x[row]).toArray(double[][]::new), path, expert);
      for (int i = 0; i < answers.length; i++) {
        int token = rows.get(i);
        for (int j = 0; j < answers[i].length; j++) {
          sum[token][j] += gate[token][expert] * answers[i][j];
        }
      }
    }
    return sum;
  }

  /** Returns (n, D), two dense layers; those of one expert where the kernels have three axes. */
  private double[][] mlp(double[][] x, String path, int expert) {
    double[][] hidden =
        plus(product(x, path + "Dense_0/kernel", expert), path + "Dense_0/bias", expert);
    for (double[] row : hidden) {
      for (int i = 0; i < row.length; i++) {
        double u = row[i];
        row[i] = u / 2 * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (u + 0.044715 * u * u * u)));
      }
    }
    return plus(product(hidden, path + "Dense_1/kernel", expert), path + "Dense_1/bias", expert);
  }

  /** Returns (B, classes). */
  private double[][] head(double[][] x, int tokens) {
    double[][] read = new double[x.length / tokens][x[0].length];
    for (int token = 0; token < x.length; token++) {
      int image = token / tokens;
      if (!tree.contains("cls")) {
        for (int i = 0; i < x[token].length; i++) {
          read[image][i] += x[token][i] / tokens;
        }
      } else if (token % tokens == 0) {
        read[image] = x[token];
      }
    }
    if (tree.contains("pre_logits")) {
      read = plus(product(read, "pre_logits/kernel", 0), "pre_logits/bias", 0);
      for (double[] row : read) {
        Arrays.setAll(row, i -> Math.tanh(row[i]));
      }
    }
    return plus(product(read, "head/kernel", 0), "head/bias", 0);
  }

  private double[][] norm(double[][] x, String path) {
    double[] scale = doubles(path + "/scale", 0, 1);
    double[] bias = doubles(path + "/bias", 0, 1);
    double[][] normal = new double[x.length][];
    for (int row = 0; row < x.length; row++) {
      double[] values = x[row];
      double mean = Arrays.stream(values).average().orElseThrow();
      double variance =
          Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
      double[] result = new double[values.length];
      Arrays.setAll(
          result, i -> (values[i] - mean) / Math.sqrt(variance + EPSILON) * scale[i] + bias[i]);
      normal[row] = result;
    }
    return normal;
  }

  private static double[][] softmax(double[][] rows) {
    for (double[] row : rows) {
      double largest = Arrays.stream(row).max().orElseThrow();
      Arrays.setAll(row, i -> Math.exp(row[i] - largest));
      double sum = Arrays.stream(row).sum();
      Arrays.setAll(row, i -> row[i] / sum);
    }
    return rows;
  }

  /**
   * Returns rows · kernel. The kernel's axes before and after are joined as the width of the rows
   * has it; a kernel with more values than one product needs has several, of which one is taken.
   */
  private double[][] product(double[][] x, String path, int which) {
    if (x.length == 0) {
      return x;
    }
    Tensor tensor = tree.get(path);
    int in = x[0].length;
    boolean several = path.contains("Moe/Mlp/");
    int out = tensor.size() / in / (several ? tensor.extent(0) : 1);
    float[] kernel = new float[in * out];
    tensor.values().position(which * in * out).get(kernel);
    double[][] y = new double[x.length][out];
    for (int row = 0; row < x.length; row++) {
      double[] sum = y[row];
      for (int i = 0; i < in; i++) {
        double value = x[row][i];
        for (int j = 0; j < out; j++) {
          sum[j] += value * kernel[i * out + j];
        }
      }
    }
    return y;
  }

  private double[][] plus(double[][] x, String path, int which) {
    if (x.length > 0) {
      double[] bias = doubles(path, which, tree.get(path).size() / x[0].length);
      for (double[] row : x) {
        add(row, bias);
      }
    }
    return x;
  }

  /** Returns one of so many equal parts of a parameter. */
  private double[] doubles(String path, int which, int parts) {
    Tensor tensor = tree.get(path);
    double[] values = new double[tensor.size() / parts];
    Arrays.setAll(values, i -> tensor.at(which * values.length + i));
    return values;
  }

  private static void add(double[][] x, double[][] more) {
    for (int row = 0; row < x.length; row++) {
      add(x[row], more[row]);
    }
  }

  private static void add(double[] x, double[] more) {
    for (int i = 0; i < x.length; i++) {
      x[i] += more[i];
    }
  }
}
