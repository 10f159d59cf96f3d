package dev.vmoe.core.capacity;

import java.time.Duration;

/**
 * The time that an image may spend on waiting and running.
 *
 * @param target maximum time from when an image is sent, or first seen if that is later, to when
 *     its prediction can be read
 * @param overhead the part of it that no operating point changes: commit interval and transport
 */
public record LatencyBudget(Duration target, Duration overhead) {

  /** Rejects an overhead that leaves nothing of the target. */
  public LatencyBudget {
    if (overhead.isNegative() || overhead.compareTo(target) >= 0) {
      throw new IllegalArgumentException(
          String.format(
              "target latency %d ms leaves nothing beside an overhead of %d ms",
              target.toMillis(), overhead.toMillis()));
    }
  }

  /** Returns what the overhead leaves of the target, in seconds. */
  public double seconds() {
    return target.minus(overhead).toNanos() / 1e9;
  }
}
