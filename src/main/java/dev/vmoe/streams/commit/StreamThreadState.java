package dev.vmoe.streams.commit;

import java.time.Duration;
import java.util.Collection;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * What belongs to one stream thread rather than to one of its partitions: its wait budget, its last
 * commit, the answers that it has emitted since, and the partitions that it is giving back.
 *
 * <p>The wait budget is how long the tasks of the thread together may wait for room between two
 * commits. A thread that waits does not commit, and a transaction that is open too long is aborted.
 * One pass of the thread takes many records, so a bound on each wait alone would not do.
 */
public final class StreamThreadState {

  private final Duration waitBudget;
  private Duration waitLeft;
  private long committedNanos = System.nanoTime();
  private Duration commitTook = Duration.ZERO;

  /** End of the oldest run of which answers were emitted since the last commit. */
  private OptionalLong oldestRunNanos = OptionalLong.empty();

  private Set<TopicPartition> givingBack = Set.of();

  /**
   * Creates the state of a thread that starts now.
   *
   * @param waitBudget how long it may wait for room between two commits
   */
  public StreamThreadState(Duration waitBudget) {
    this.waitBudget = waitBudget;
    this.waitLeft = waitBudget;
  }

  /** Returns how much of the wait budget is left. */
  public Duration waitLeft() {
    return waitLeft;
  }

  /** Takes a wait off the budget. */
  public void waited(Duration spent) {
    waitLeft = spent.compareTo(waitLeft) < 0 ? waitLeft.minus(spent) : Duration.ZERO;
  }

  /** Returns the time since the last commit, or since the start. */
  public Duration sinceCommit() {
    return Duration.ofNanos(System.nanoTime() - committedNanos);
  }

  /** Returns how long the last commit took. */
  public Duration commitTook() {
    return commitTook;
  }

  /** Notes that answers of a run that ended at this time were emitted. */
  public void emitted(long runEndNanos) {
    if (oldestRunNanos.isEmpty() || runEndNanos - oldestRunNanos.getAsLong() < 0) {
      oldestRunNanos = OptionalLong.of(runEndNanos);
    }
  }

  /** Returns whether answers were emitted since the last commit. */
  public boolean hasUncommitted() {
    return oldestRunNanos.isPresent();
  }

  /**
   * Notes a commit: the wait budget is whole again.
   *
   * @param nowNanos when it ended, by {@link System#nanoTime}
   * @param took how long the brokers took for it
   * @return the age of the oldest answer in it, in nanoseconds, if there is any
   */
  OptionalLong committed(long nowNanos, Duration took) {
    OptionalLong oldest = oldestRunNanos;
    oldestRunNanos = OptionalLong.empty();
    waitLeft = waitBudget;
    commitTook = took;
    committedNanos = nowNanos;
    return oldest.isPresent() ? OptionalLong.of(nowNanos - oldest.getAsLong()) : oldest;
  }

  /** Notes that what was emitted since the last commit was rolled back. */
  void rolledBack() {
    oldestRunNanos = OptionalLong.empty();
  }

  /** Runs the last commit of some partitions, which are given back with it. */
  void giveBack(Collection<TopicPartition> partitions, Runnable lastCommit) {
    givingBack = Set.copyOf(partitions);
    try {
      lastCommit.run();
    } finally {
      givingBack = Set.of();
    }
  }

  /** Returns whether a partition is given back with the commit under way. */
  boolean isGivingBack(TopicPartition partition) {
    return givingBack.contains(partition);
  }
}
