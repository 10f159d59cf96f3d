package dev.vmoe.streams;

import dev.vmoe.commit.CommitGuard;
import java.time.Duration;
import java.util.function.IntSupplier;

/**
 * Says when answers are committed before the commit interval is over: as long as less than a full
 * batch is in flight. There the brokers have time for more transactions, and half of what a reader
 * waits for would be the interval. Under load the interval alone decides.
 */
public final class EarlyCommit {

  /** Commits of a thread in one interval, at most. */
  private static final int MOST = 5;

  private final InFlight inFlight;
  private final IntSupplier fullBatch;
  private final Duration gap;

  /**
   * Creates the rule of an instance.
   *
   * @param fullBatch images of a full batch; asked each time
   * @param interval commit interval of Kafka Streams
   */
  public EarlyCommit(InFlight inFlight, IntSupplier fullBatch, Duration interval) {
    this.inFlight = inFlight;
    this.fullBatch = fullBatch;
    this.gap = interval.dividedBy(MOST);
  }

  /** Returns whether the calling stream thread commits now, if it has emitted answers. */
  boolean due(CommitGuard.WaitBudget sinceCommit) {
    return inFlight.images() < fullBatch.getAsInt() && sinceCommit.elapsed().compareTo(gap) >= 0;
  }
}
