package dev.vmoe.lab.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Things timed in turn, round by round, so that all meet the same disturbance. The first round
 * warms up and is not kept.
 */
public final class Rounds {

  private final LongSupplier nanoClock;
  private final Map<String, Runnable> things = new LinkedHashMap<>();
  private final Map<String, List<Long>> nanos = new LinkedHashMap<>();
  private boolean warm;

  /** Starts without a thing to time. */
  public Rounds() {
    this(System::nanoTime);
  }

  Rounds(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  /** Adds something to be timed once a round, after what was added before. */
  public void add(String name, Runnable thing) {
    if (things.putIfAbsent(name, thing) != null) {
      throw new IllegalArgumentException("two things are named " + name);
    }
    nanos.put(name, new ArrayList<>());
  }

  /** Times each thing once. */
  public void next() {
    things.forEach(
        (name, thing) -> {
          long started = nanoClock.getAsLong();
          thing.run();
          long taken = nanoClock.getAsLong() - started;
          if (warm) {
            times(name).add(taken);
          }
        });
    warm = true;
  }

  /** Returns the fastest time of a thing, in seconds: other processes can only lengthen it. */
  public double fastest(String name) {
    return sorted(name)[0] / 1e9;
  }

  /** Returns the median time of a thing, in seconds. */
  public double median(String name) {
    long[] sorted = sorted(name);
    int middle = sorted.length / 2;
    return (sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2.0)
        / 1e9;
  }

  private long[] sorted(String name) {
    long[] sorted = times(name).stream().mapToLong(Long::longValue).sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalStateException(name + " was only warmed up: one more round");
    }
    return sorted;
  }

  private List<Long> times(String name) {
    List<Long> times = nanos.get(name);
    if (times == null) {
      throw new IllegalArgumentException(
          "nothing is named " + name + ", only " + Arrays.toString(nanos.keySet().toArray()));
    }
    return times;
  }
}
