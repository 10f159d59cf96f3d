package dev.vmoe.streams;

import java.time.Duration;

/**
 * How long the tasks of one stream thread together may wait for room between two commits.
 *
 * <p>A thread that waits does not commit, and a transaction that is open too long is aborted. One
 * pass of the thread takes many records, so a bound on each wait alone would not do.
 */
final class WaitBudget {

  private final Duration whole;
  private Duration left;

  WaitBudget(Duration whole) {
    this.whole = whole;
    this.left = whole;
  }

  /** Returns how much is left. */
  Duration left() {
    return left;
  }

  /** Takes off what was spent. */
  void spend(Duration spent) {
    left = spent.compareTo(left) < 0 ? left.minus(spent) : Duration.ZERO;
  }

  /** Starts again, after a commit. */
  void refill() {
    left = whole;
  }
}
