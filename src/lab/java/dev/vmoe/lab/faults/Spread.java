package dev.vmoe.lab.faults;

import java.util.Collection;

/** Count, quantiles (nearest rank) and maximum of durations, in milliseconds; 0 where none is. */
public record Spread(int count, long p50, long p99, long max) {

  /** Returns those of durations in milliseconds. */
  static Spread of(Collection<Long> durationsMs) {
    long[] sorted = durationsMs.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted.length == 0
        ? new Spread(0, 0, 0, 0)
        : new Spread(sorted.length, at(sorted, 0.5), at(sorted, 0.99), sorted[sorted.length - 1]);
  }

  private static long at(long[] sorted, double share) {
    return sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
