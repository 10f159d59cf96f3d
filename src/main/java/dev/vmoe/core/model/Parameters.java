package dev.vmoe.core.model;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One subtree of a checkpoint; tensors are asked for with the shape they must have. */
public final class Parameters {

  /** In an expected shape: any extent. */
  public static final int ANY = -1;

  /** How many unused parameters an error names. */
  private static final int NAMED = 3;

  /** What timm and Hugging Face call the tokens of a ViT that stand for nothing. */
  private static final Pattern REGISTERS = Pattern.compile("\\breg(ister)?_tokens?\\b");

  private final ParameterTree tree;
  private final String prefix;

  /** Paths asked for so far, shared by all subtrees. */
  private final Set<String> used;

  private Parameters(ParameterTree tree, String prefix, Set<String> used) {
    this.tree = tree;
    this.prefix = prefix;
    this.used = used;
  }

  /** Returns the whole tree. */
  public static Parameters of(ParameterTree tree) {
    return new Parameters(tree, "", new HashSet<>());
  }

  Parameters in(String path) {
    return new Parameters(tree, prefix + path + "/", used);
  }

  /** Returns whether there is a leaf or a subtree at a path. */
  public boolean contains(String path) {
    return tree.contains(prefix + path);
  }

  /** Returns the leaf at a path, whatever its shape, if there is one. */
  Optional<Tensor> find(String path) {
    return tree.find(prefix + path);
  }

  /** Returns the whole path of what is at a path of this subtree. */
  String pathOf(String path) {
    return prefix + path;
  }

  /**
   * Returns the leaf at a path.
   *
   * @param shape what its shape must be; {@link #ANY} where the extent does not matter
   * @throws IllegalArgumentException if there is none, or its shape is another
   */
  public Tensor get(String path, int... shape) {
    Tensor tensor = tree.get(prefix + path);
    used.add(prefix + path);
    boolean fits =
        tensor.rank() == shape.length
            && IntStream.range(0, shape.length)
                .allMatch(axis -> shape[axis] == ANY || shape[axis] == tensor.extent(axis));
    if (!fits) {
      throw new IllegalArgumentException(
          String.format(
              "parameter %s has shape %s, not %s",
              prefix + path, tensor.describeShape(), describe(shape)));
    }
    return tensor;
  }

  /**
   * Checks that every leaf of the tree was asked for: a part that is not computed would make all
   * answers wrong.
   *
   * @param beside paths that the architecture tells of
   * @throws IllegalArgumentException if not; names the first few
   */
  void requireAllUsed(List<String> beside) {
    List<String> unused =
        tree.paths().stream()
            .filter(path -> !used.contains(path) && !beside.contains(path))
            .toList();
    requireNone(unused);
  }

  /**
   * Checks that there are no parameters that no part uses.
   *
   * @throws IllegalArgumentException if there are; names the first few
   */
  public static void requireNone(List<String> unused) {
    if (!unused.isEmpty()) {
      boolean registers = unused.stream().anyMatch(path -> REGISTERS.matcher(path).find());
      throw new IllegalArgumentException(
          String.format(
              "checkpoint has %d parameters that no part of a V-MoE uses (%s%s): it is a model of"
                  + " another kind, or one with parts that cannot be imported%s",
              unused.size(),
              String.join(", ", unused.subList(0, Math.min(NAMED, unused.size()))),
              unused.size() > NAMED ? ", …" : "",
              registers ? ", here register tokens" : ""));
    }
  }

  private static String describe(int[] shape) {
    return IntStream.of(shape)
        .mapToObj(extent -> extent == ANY ? "any" : Integer.toString(extent))
        .collect(Collectors.joining(", ", "(", ")"));
  }
}
