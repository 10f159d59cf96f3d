package dev.vmoe.core.inference;

import java.util.List;
import java.util.stream.IntStream;

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
   * Returns the layouts worth trying, fewest runs first: those that leave no core idle, or as many
   * runs of so many threads as the cores can hold.
   *
   * @param cores cores of the machine
   * @param threads threads of each run; 0 to share out the cores
   */
  public static List<RunLayout> over(int cores, int threads) {
    int maximum = Math.min(MAX_TRIED, Math.max(1, threads == 0 ? cores : cores / threads));
    return IntStream.rangeClosed(1, maximum)
        .filter(runs -> threads > 0 || cores % runs == 0)
        .mapToObj(runs -> new RunLayout(runs, threads > 0 ? threads : cores / runs))
        .toList();
  }

  @Override
  public String toString() {
    return runs + " × " + threads + (threads == 1 ? " thread" : " threads");
  }
}
