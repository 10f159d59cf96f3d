package dev.vmoe.lab.sweep;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Which images of each batch belong to which split of a labelled set. */
final class SplitMasks {

  private final List<Map<String, BitSet>> batches = new ArrayList<>();
  private final Set<String> names = new LinkedHashSet<>();

  /**
   * Adds a batch.
   *
   * @param splits (B) split of each image; empty for none
   */
  void add(List<String> splits) {
    Map<String, BitSet> masks = new HashMap<>();
    for (int i = 0; i < splits.size(); i++) {
      names.add(splits.get(i));
      masks.computeIfAbsent(splits.get(i), split -> new BitSet()).set(i);
    }
    batches.add(masks);
  }

  /**
   * Returns the result of each split, in the order in which they first occurred.
   *
   * @param own runs of a setting, a slice each batch
   * @param twin those of the dense twin; empty without one
   */
  Map<String, SplitResult> results(List<SweepRun> own, List<SweepRun> twin, Statistics statistics) {
    Map<String, SplitResult> results = new LinkedHashMap<>();
    names.forEach(name -> results.put(shown(name), result(name, own, twin, statistics)));
    return results;
  }

  /** Images of no split are all images only where there is no other. */
  private String shown(String name) {
    if (!name.isEmpty()) {
      return name;
    }
    return names.size() == 1 ? SplitResult.ALL : SplitResult.WITHOUT;
  }

  private SplitResult result(
      String name, List<SweepRun> own, List<SweepRun> twin, Statistics statistics) {
    Map<Integer, BitSet> twins = new HashMap<>();
    twin.forEach(run -> twins.put(run.slice(), run.correct()));
    int images = 0;
    int correct = 0;
    int gained = 0;
    int lost = 0;
    for (SweepRun run : own) {
      BitSet mask = batches.get(run.slice()).getOrDefault(name, new BitSet());
      BitSet ofTwin = twins.getOrDefault(run.slice(), new BitSet());
      images += mask.cardinality();
      correct += count(mask, run.correct());
      gained += countMinus(mask, run.correct(), ofTwin);
      lost += countMinus(mask, ofTwin, run.correct());
    }
    return new SplitResult(
        images,
        statistics.difference(correct, 0, images),
        twin.isEmpty() ? null : statistics.difference(gained, lost, images));
  }

  private static int count(BitSet mask, BitSet right) {
    BitSet both = (BitSet) mask.clone();
    both.and(right);
    return both.cardinality();
  }

  private static int countMinus(BitSet mask, BitSet right, BitSet other) {
    BitSet only = (BitSet) mask.clone();
    only.and(right);
    only.andNot(other);
    return only.cardinality();
  }
}
