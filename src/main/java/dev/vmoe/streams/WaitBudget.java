package dev.vmoe.streams;

import java.time.Duration;

/**
 * How long the tasks of one stream thread together may wait for room between two commits.
 *
 * <p>A thread that waits does not commit, and a transaction that is open too long is aborted. One
 * pass of the thread takes many records, so a bound on each wait alone would not do.
 */
final class WaitBudget {

  /** Half of a transaction's time: a longer wait is logged, since the transaction may time out. */
  private static final Duration ALARM = StreamsProperties.TRANSACTION_TIMEOUT.dividedBy(2);

  private final Duration whole;
  private Duration left;
  private Duration waited = Duration.ZERO;
  private boolean alarmed;

  WaitBudget(Duration whole) {
    this.whole = whole;
    this.left = whole;
  }

  /** Returns how much is left. */
  Duration left() {
    return left;
  }

  /** Returns the time waited since the last commit, also beyond the budget. */
  Duration waited() {
    return waited;
  }

  /** Returns, once between two commits, that the wait endangers the transaction. */
  boolean alarm() {
    if (alarmed || waited.compareTo(ALARM) < 0) {
      return false;
    }
    alarmed = true;
    return true;
  }

  /** Takes off what was spent. */
  void spend(Duration spent) {
    waited = waited.plus(spent);
    left = spent.compareTo(left) < 0 ? left.minus(spent) : Duration.ZERO;
  }

  /** Starts again, after a commit. */
  void refill() {
    left = whole;
    waited = Duration.ZERO;
    alarmed = false;
  }
}
