package dev.vmoe.streams;

import dev.vmoe.commit.CommitGuard;
import java.time.Duration;
import java.util.function.IntSupplier;

/**
 * Says when answers are committed before the commit interval is over: as long as less than a full
 * batch is in flight. There half of what a reader waits for would be the interval. Under load the
 * interval alone decides: more transactions would only cost.
 */
public final class EarlyCommit {

  /** Early commits of a thread in one interval, at most. */
  public static final int MOST = 5;

  private final InFlight inFlight;
  private final IntSupplier batchImages;
  private final long batchBytes;
  private final Duration gap;

  /**
   * Creates the rule of an instance.
   *
   * @param batchImages images of a full batch; asked each time
   * @param batchBytes encoded bytes of a full batch
   * @param interval commit interval of Kafka Streams
   */
  public EarlyCommit(
      InFlight inFlight, IntSupplier batchImages, long batchBytes, Duration interval) {
    this.inFlight = inFlight;
    this.batchImages = batchImages;
    this.batchBytes = batchBytes;
    this.gap = interval.dividedBy(MOST);
  }

  /**
   * Returns whether the calling stream thread commits now, if it has emitted answers. It spends at
   * most half of its time in such commits.
   */
  boolean due(CommitGuard.WaitBudget sinceCommit) {
    Duration elapsed = sinceCommit.elapsed();
    return inFlight.images() < batchImages.getAsInt()
        && inFlight.bytes() < batchBytes
        && elapsed.compareTo(gap) >= 0
        && elapsed.compareTo(sinceCommit.lastTook()) >= 0;
  }
}
