package dev.vmoe.checkpoint;

import java.util.Collection;

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

  private static boolean anyBeginsWith(Collection<String> paths, String start) {
    return paths.stream().anyMatch(path -> path.startsWith(start));
  }
}
