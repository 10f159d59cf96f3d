package dev.vmoe.lab.bench;

import java.util.List;

/**
 * How a machine's cores are shared among runs of the model.
 *
 * @param runs batches that run at once, at least 1
 * @param threads of each run, at least 1
 */
public record Layout(int runs, int threads) {

  /** Rejects a layout in which nothing runs. */
  public Layout {
    if (runs < 1 || threads < 1) {
      throw new IllegalArgumentException(runs + " runs of " + threads + " threads");
    }
  }

  /** Returns one run on all cores. */
  public static Layout oneRun(int cores) {
    return new Layout(1, cores);
  }

  /** Returns as many runs as cores, of one thread each. */
  public static Layout runEachCore(int cores) {
    return new Layout(cores, 1);
  }

  /** Returns both, or the one that there is on a single core. */
  public static List<Layout> of(int cores) {
    return List.of(oneRun(cores), runEachCore(cores)).stream().distinct().toList();
  }

  /** Returns runs and threads, as in {@code 2x1}. */
  public String label() {
    return runs + "x" + threads;
  }
}
