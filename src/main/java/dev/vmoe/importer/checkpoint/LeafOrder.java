package dev.vmoe.importer.checkpoint;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** An order in which the leaves of an index tree may be numbered. */
enum LeafOrder {
  /** Every map's keys in lexicographic order: files with a version. */
  SORTED,
  /** The order of the maps in the index file. */
  STORED,
  /** The train state's fields as stored; the keys of every map below in lexicographic order. */
  SORTED_BELOW_FIELDS;

  private static final List<LeafOrder> VERSIONED = List.of(SORTED, STORED, SORTED_BELOW_FIELDS);
  private static final List<LeafOrder> UNVERSIONED = List.of(STORED, SORTED_BELOW_FIELDS, SORTED);

  /**
   * Returns the orders to try, the likeliest first. That matters: blocks of equal shapes fit in
   * more than one order.
   */
  static List<LeafOrder> toTry(boolean versioned) {
    return versioned ? VERSIONED : UNVERSIONED;
  }

  /**
   * Returns the leaves in this order.
   *
   * @param stored the leaves in the order of the file, depth-first
   * @param path of a leaf, from the root
   */
  <T> List<T> apply(List<T> stored, Function<T, List<String>> path) {
    Comparator<T> byPath = Comparator.comparing(path, LeafOrder::compare);
    return switch (this) {
      case STORED -> List.copyOf(stored);
      case SORTED -> stored.stream().sorted(byPath).toList();
      case SORTED_BELOW_FIELDS -> {
        Map<String, Integer> fields = new HashMap<>(); // name → number
        stored.forEach(leaf -> fields.putIfAbsent(path.apply(leaf).get(0), fields.size()));
        Comparator<T> byField = Comparator.comparing(leaf -> fields.get(path.apply(leaf).get(0)));
        yield stored.stream().sorted(byField.thenComparing(byPath)).toList();
      }
    };
  }

  /** Compares key by key; comparing joined paths would differ where keys contain '-' or '.'. */
  static int compare(List<String> path, List<String> other) {
    for (int i = 0; i < Math.min(path.size(), other.size()); i++) {
      int order = path.get(i).compareTo(other.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(path.size(), other.size());
  }
}
