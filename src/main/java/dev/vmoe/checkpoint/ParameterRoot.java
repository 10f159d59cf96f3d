package dev.vmoe.checkpoint;

import dev.vmoe.tensor.Tensor;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;

/** Where the parameters are in a tree that holds more: step, optimiser state. */
final class ParameterRoot {

  private static final String WRAPPER = "params/";

  private ParameterRoot() {}

  /**
   * Returns what the paths of all parameters begin with: nothing, or {@code params/} once or more.
   */
  static String of(Collection<String> paths) {
    String root = "";
    while (anyBeginsWith(paths, root + WRAPPER)) {
      root += WRAPPER;
    }
    return root;
  }

  /** Returns the parameters of a tree, without what their paths begin with. */
  static ParameterTree unwrap(ParameterTree tree) {
    String root = of(tree.paths());
    Map<String, Tensor> parameters = new TreeMap<>();
    for (String path : tree.paths()) {
      if (path.startsWith(root)) {
        parameters.put(path.substring(root.length()), tree.get(path));
      }
    }
    return new ParameterTree(parameters);
  }

  private static boolean anyBeginsWith(Collection<String> paths, String start) {
    return paths.stream().anyMatch(path -> path.startsWith(start));
  }
}
