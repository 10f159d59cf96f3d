package dev.vmoe.model;

import dev.vmoe.checkpoint.ParameterTree;
import dev.vmoe.tensor.Tensor;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** One subtree of a checkpoint; tensors are asked for with the shape they must have. */
final class Parameters {

  /** In an expected shape: any extent. */
  static final int ANY = -1;

  private final ParameterTree tree;
  private final String prefix;

  private Parameters(ParameterTree tree, String prefix) {
    this.tree = tree;
    this.prefix = prefix;
  }

  /** Returns the whole tree. */
  static Parameters of(ParameterTree tree) {
    return new Parameters(tree, "");
  }

  /** Returns a subtree. */
  Parameters in(String path) {
    return new Parameters(tree, prefix + path + "/");
  }

  /** Returns whether there is a leaf or a subtree at a path. */
  boolean contains(String path) {
    return tree.contains(prefix + path);
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
  Tensor get(String path, int... shape) {
    Tensor tensor = tree.get(prefix + path);
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

  private static String describe(int[] shape) {
    return IntStream.of(shape)
        .mapToObj(extent -> extent == ANY ? "any" : Integer.toString(extent))
        .collect(Collectors.joining(", ", "(", ")"));
  }
}
