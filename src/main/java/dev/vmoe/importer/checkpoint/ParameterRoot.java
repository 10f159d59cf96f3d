package dev.vmoe.importer.checkpoint;

import java.util.Collection;

/** Finds the parameters in a tree that also holds step and optimiser state. */
final class ParameterRoot {

  private static final String WRAPPER = "params/";

  private ParameterRoot() {}

  /** Returns the start of all parameters' paths: empty, or {@code params/} once or more. */
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
