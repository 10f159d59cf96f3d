package dev.vmoe.importer.convert;

import dev.vmoe.core.model.Parameters;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of a dense ViT from elsewhere, made those of a V-MoE without experts.
 *
 * <p>Mean and standard deviation of the input go into the first product: with u = 2x/255 − 1, which
 * the graph computes, (x·scale − mean) / std is u · a + b with a = 255·scale / 2std and b =
 * (255·scale / 2 − mean) / std, so the kernel of each channel is multiplied by its a, and its
 * column sums · b are added to the bias.
 *
 * <p>A distillation token becomes the second row of {@code cls}, and the mean of the two heads one
 * head over both tokens.
 *
 * <p>Axes: D hidden size, h heads, p patch size.
 */
final class VitParameters {

  private static final Pattern KIND = Pattern.compile("(.*)[._](weight|bias)");
  private static final List<String> PROJECTIONS = List.of("query", "key", "value");
  private static final String CLS = "cls";
  private static final String DIST = "dist";

  /** Parts that Hugging Face's own classifiers leave aside. */
  private static final Pattern LEFT_ASIDE =
      Pattern.compile("pooler\\.dense\\.(weight|bias)|embeddings\\.mask_token");

  private final VitNames names;
  private final VitSettings settings;
  private final Map<String, Tensor> leaves = new TreeMap<>();

  /** What the file calls what each leaf is made of. */
  private final Map<String, String> origins = new HashMap<>();

  /** Parameters that the source's table does not name. */
  private final List<String> unplaced = new ArrayList<>();

  private VitParameters(VitNames names, VitSettings settings) {
    this.names = names;
    this.settings = settings;
  }

  /**
   * Returns the parameters under the names and in the shapes of a V-MoE. One of AugReg that has no
   * place keeps its name, so that the graph refuses it.
   *
   * @throws IllegalArgumentException if a shape does not fit, a parameter is missing, one too many
   *     or there twice; names it as the file does
   */
  static ParameterTree of(ParameterTree source, VitNames names, VitSettings settings) {
    VitParameters vit = new VitParameters(names, settings);
    for (String path : source.paths()) {
      try {
        vit.add(path, source.get(path));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("parameter " + path + ": " + e.getMessage(), e);
      }
    }
    Parameters.requireNone(vit.unplaced);
    if (!vit.leaves.containsKey("head/kernel")) {
      throw new IllegalArgumentException(
          "checkpoint has no classifier: a model without one names no classes");
    }
    vit.fillBiases();
    vit.requireComplete();
    vit.joinDistillation();
    vit.foldInput();
    if ((float) settings.epsilon() != 1e-6f) {
      vit.leaves.put(
          VmoeArchitecture.EPSILON, Tensor.of(new float[] {(float) settings.epsilon()}, 1));
    }
    if (settings.erfGelu()) {
      vit.leaves.put(VmoeArchitecture.ERF_GELU, Tensor.of(new float[] {1}, 1));
    }
    return new ParameterTree(vit.leaves);
  }

  private String renamed(String path) {
    String name = path;
    for (Map.Entry<String, String> module : names.modules().entrySet()) {
      name = name.replace(module.getKey(), module.getValue());
    }
    return name;
  }

  private void add(String path, Tensor tensor) {
    if (names == VitNames.AUGREG) {
      put(path, renamed(path), tensor);
      return;
    }
    String name = names.within(path);
    if (names == VitNames.HUGGING_FACE && LEFT_ASIDE.matcher(name).matches()) {
      return;
    }
    String place = "";
    Matcher block = names.block().matcher(name);
    if (block.lookingAt()) {
      place = "Encoder/encoderblock_" + Integer.parseInt(block.group(1)) + "/";
      name = name.substring(block.end());
    }
    Matcher kind = KIND.matcher(name);
    String module = names.modules().get(kind.matches() ? kind.group(1) : name);
    if (module == null) {
      unplaced.add(path);
      return;
    }
    add(path, place + module, kind.matches() ? kind.group(2) : "", tensor);
  }

  private void add(String origin, String path, String kind, Tensor tensor) {
    boolean weight = kind.equals("weight");
    String last = path.substring(path.lastIndexOf('/') + 1);
    boolean norm = last.contains("orm"); // LayerNorm_0, encoder_norm
    if (!kind.isEmpty()) {
      requireRank(tensor, !weight || norm ? 1 : last.equals("embedding") ? 4 : 2);
    }
    if (kind.isEmpty()) {
      put(origin, path, tensor);
    } else if (norm) {
      put(origin, path + (weight ? "/scale" : "/bias"), tensor);
    } else if (last.equals("qkv")) {
      int rows = tensor.extent(0) / 3;
      Tensor parts = weight ? tensor.reshape(3, rows, tensor.extent(1)) : tensor.reshape(3, rows);
      for (int i = 0; i < 3; i++) {
        add(origin, path.replace("qkv", PROJECTIONS.get(i)), kind, parts.row(i));
      }
    } else if (PROJECTIONS.contains(last)) {
      int width = tensor.extent(0) / heads(tensor.extent(0));
      put(
          origin,
          path + (weight ? "/kernel" : "/bias"),
          weight
              ? transposed(tensor).reshape(tensor.extent(1), heads(tensor.extent(0)), width)
              : tensor.reshape(heads(tensor.extent(0)), width));
    } else if (weight && last.equals("out")) {
      int heads = heads(tensor.extent(1));
      put(
          origin,
          path + "/kernel",
          transposed(tensor).reshape(heads, tensor.extent(1) / heads, tensor.extent(0)));
    } else if (weight) {
      put(
          origin,
          path + "/kernel",
          last.equals("embedding") ? patches(tensor) : transposed(tensor));
    } else {
      put(origin, path + "/bias", tensor);
    }
  }

  private void put(String origin, String path, Tensor tensor) {
    String other = origins.put(path, origin);
    if (other != null) {
      throw new IllegalArgumentException("stands for the same as " + other);
    }
    leaves.put(path, tensor);
  }

  private void requireComplete() {
    String marker = origins.getOrDefault("embedding/kernel", "");
    int prefix = marker.length() - names.within(marker).length();
    new VitParts(names, marker.substring(0, prefix)).requireIn(leaves.keySet());
  }

  private int heads(int width) {
    if (settings.heads() < 1 || width % settings.heads() != 0) {
      throw new IllegalArgumentException(
          "width " + width + " is no multiple of " + settings.heads() + " heads");
    }
    return settings.heads();
  }

  /** Returns (in, out) of (out, in). */
  private static Tensor transposed(Tensor weight) {
    int out = weight.extent(0);
    int in = weight.extent(1);
    float[] values = new float[weight.size()];
    for (int i = 0; i < values.length; i++) {
      values[i % in * out + i / in] = weight.at(i);
    }
    return Tensor.takeOver(values, in, out);
  }

  /** Returns (p, p, 3, D) of a convolution (D, 3, p, p). */
  private static Tensor patches(Tensor weight) {
    int d = weight.extent(0);
    int channels = weight.extent(1);
    int p = weight.extent(2);
    Tensor columns = transposed(weight.reshape(d, channels * p * weight.extent(3)));
    float[] values = new float[weight.size()];
    for (int i = 0; i < values.length; i++) {
      int row = i / d;
      int pixel = row % (p * weight.extent(3));
      int channel = row / (p * weight.extent(3));
      values[(pixel * channels + channel) * d + i % d] = columns.at(i);
    }
    return Tensor.takeOver(values, p, weight.extent(3), channels, d);
  }

  private static void requireRank(Tensor tensor, int rank) {
    if (tensor.rank() != rank) {
      throw new IllegalArgumentException(
          "shape " + tensor.describeShape() + " has not " + rank + " axes");
    }
  }

  private void joinDistillation() {
    Tensor dist = leaves.remove(DIST);
    if (dist == null) {
      return;
    }
    requireSameShape(CLS, leaf(CLS), DIST, dist);
    if (dist.rank() != 3 || dist.size() != dist.extent(2)) {
      throw new IllegalArgumentException(
          "parameter %s has shape %s, not (1, 1, any)"
              .formatted(origins.get(DIST), dist.describeShape()));
    }
    leaves.put(CLS, joined(leaf(CLS), dist, 1, 1, 2, dist.extent(-1)));
    Tensor kernel = leaf("head/kernel");
    int in = kernel.extent(0);
    int out = kernel.extent(1);
    Tensor other = leaves.remove("head_dist/kernel");
    if (other == null) { // a DeiT whose head reads the class token alone
      Tensor none = Tensor.takeOver(new float[kernel.size()], in, out);
      leaves.put("head/kernel", joined(kernel, none, 1, 2 * in, out));
      return;
    }
    Tensor bias = leaf("head/bias");
    Tensor otherBias = leaf("head_dist/bias");
    leaves.remove("head_dist/bias");
    requireSameShape("head/kernel", kernel, "head_dist/kernel", other);
    requireSameShape("head/bias", bias, "head_dist/bias", otherBias);
    leaves.put("head/kernel", joined(kernel, other, 0.5f, 2 * in, out));
    float[] mean = new float[out];
    for (int i = 0; i < out; i++) {
      mean[i] = (bias.at(i) + otherBias.at(i)) / 2;
    }
    leaves.put("head/bias", Tensor.takeOver(mean, out));
  }

  private void requireSameShape(String path, Tensor tensor, String other, Tensor second) {
    if (!Arrays.equals(tensor.shape(), second.shape())) {
      throw new IllegalArgumentException(
          "parameters %s and %s differ in shape: %s and %s"
              .formatted(
                  origins.get(path),
                  origins.get(other),
                  tensor.describeShape(),
                  second.describeShape()));
    }
  }

  private Tensor leaf(String path) {
    return new ParameterTree(leaves).get(path);
  }

  /** Returns the values of both, one behind the other, · factor. */
  private static Tensor joined(Tensor first, Tensor second, float factor, int... shape) {
    float[] values = new float[first.size() + second.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i < first.size() ? first.at(i) : second.at(i - first.size())) * factor;
    }
    return Tensor.takeOver(values, shape);
  }

  /** Adds the biases of queries, keys and values where a model has none at all. */
  private void fillBiases() {
    List<String> kernels =
        leaves.keySet().stream()
            .filter(path -> path.matches(".*/(query|key|value)/kernel"))
            .toList();
    List<String> biases = kernels.stream().map(path -> path.replace("/kernel", "/bias")).toList();
    if (biases.stream().noneMatch(leaves::containsKey)) {
      for (int i = 0; i < kernels.size(); i++) {
        Tensor kernel = leaf(kernels.get(i));
        int size = kernel.extent(1) * kernel.extent(2);
        leaves.put(
            biases.get(i), Tensor.takeOver(new float[size], kernel.extent(1), kernel.extent(2)));
      }
    }
  }

  private void foldInput() {
    Tensor kernel = leaf("embedding/kernel"); // (p, p, 3, D)
    requireRank(kernel, 4);
    int d = kernel.extent(3);
    Tensor bias = leaves.get("embedding/bias");
    if (bias != null && (bias.rank() != 1 || bias.size() != d)) {
      throw new IllegalArgumentException(
          "parameter %s has shape %s, not (%d)"
              .formatted(origins.get("embedding/bias"), bias.describeShape(), d));
    }
    double[] sums = new double[d];
    float[] values = new float[kernel.size()];
    for (int i = 0; i < values.length; i++) {
      int channel = i / d % 3;
      double half = settings.pixels().scale() * 255 / 2;
      double std = settings.pixels().std().get(channel);
      values[i] = (float) (kernel.at(i) * half / std);
      sums[i % d] += kernel.at(i) * (half - settings.pixels().mean().get(channel)) / std;
    }
    float[] biases = new float[d];
    for (int i = 0; i < d; i++) {
      biases[i] = (float) ((bias == null ? 0 : bias.at(i)) + sums[i]);
    }
    leaves.put("embedding/kernel", Tensor.takeOver(values, kernel.shape()));
    leaves.put("embedding/bias", Tensor.takeOver(biases, d));
  }
}
