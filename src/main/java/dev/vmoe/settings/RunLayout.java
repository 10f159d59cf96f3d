package dev.vmoe.settings;

import java.util.ArrayList;
import java.util.List;

/**
 * How runs of the model share the cores of a CPU.
 *
 * @param runs batches that run at once, at least 1
 * @param threads threads of each, at least 1
 */
public record RunLayout(int runs, int threads) {

  /** Maximum number of runs at once that is tried: each takes memory for a batch of its own. */
  static final int MAX_TRIED = 16;

  /** Rejects what runs nothing. */
  public RunLayout {
    if (runs < 1 || threads < 1) {
      throw new IllegalArgumentException(runs + " runs at once on " + threads + " threads");
    }
  }

  /**
   * Returns the layouts worth trying, fewest runs first: one run, then twice as many each time.
   *
   * @param cores cores of the machine
   * @param threads threads of each run; 0 to share out the cores
   */
  static List<RunLayout> over(int cores, int threads) {
    int most = Math.min(MAX_TRIED, Math.max(1, threads == 0 ? cores : cores / threads));
    List<RunLayout> layouts = new ArrayList<>();
    for (int runs = 1; runs < 2 * most; runs *= 2) {
      int at = Math.min(runs, most);
      layouts.add(new RunLayout(at, threads == 0 ? cores / at : threads));
    }
    return layouts;
  }

  @Override
  public String toString() {
    return runs + " × " + threads + (threads == 1 ? " thread" : " threads");
  }
}
