package dev.vmoe.core.tensor;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;

/**
 * The parameters of a model by slash-joined path, such as {@code
 * Encoder/encoderblock_0/LayerNorm_0/scale}.
 */
public final class ParameterTree {

  private final TreeMap<String, Tensor> leaves;

  /** Creates a tree of these leaves. */
  public ParameterTree(Map<String, Tensor> leaves) {
    this.leaves = new TreeMap<>(leaves);
  }

  /** Returns the leaf at a path, if there is one. */
  public Optional<Tensor> find(String path) {
    return Optional.ofNullable(leaves.get(path));
  }

  /**
   * Returns the leaf at a path.
   *
   * @throws IllegalArgumentException if there is none
   */
  public Tensor get(String path) {
    return find(path)
        .orElseThrow(() -> new IllegalArgumentException("checkpoint has no parameter " + path));
  }

  /** Returns whether a leaf or a subtree has this path. */
  public boolean contains(String path) {
    return leaves.containsKey(path)
        || leaves.subMap(path + "/", path + "/" + Character.MAX_VALUE).size() > 0;
  }

  /** Returns a tree with this leaf added, or replaced if the path has one. */
  public ParameterTree with(String path, Tensor leaf) {
    ParameterTree changed = new ParameterTree(leaves);
    changed.leaves.put(path, leaf);
    return changed;
  }

  /** Returns all paths in lexicographic order. */
  public SortedSet<String> paths() {
    return Collections.unmodifiableSortedSet(leaves.navigableKeySet());
  }
}
