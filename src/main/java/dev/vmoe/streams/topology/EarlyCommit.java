package dev.vmoe.streams.topology;

import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.commit.StreamThreadState;
import java.time.Duration;
import java.util.function.IntSupplier;

/**
 * Says when answers are committed before the commit interval is over: as long as less is in flight
 * than the batches that run at once can hold. There half of what a reader waits for would be the
 * interval. Under load the interval alone decides: more transactions would only cost.
 */
public final class EarlyCommit {

  /** Early commits of a thread in one interval, at most. */
  public static final int MAX_PER_INTERVAL = 5;

  private final PartitionQueues queues;
  private final IntSupplier runningImages;
  private final long batchBytes;
  private final Duration gap;

  /**
   * Creates the rule of an instance.
   *
   * @param queues what the instance has in flight
   * @param runningImages images of as many full batches as run at once; asked each time
   * @param batchBytes encoded bytes of a full batch
   * @param interval commit interval of Kafka Streams
   */
  public EarlyCommit(
      PartitionQueues queues, IntSupplier runningImages, long batchBytes, Duration interval) {
    this.queues = queues;
    this.runningImages = runningImages;
    this.batchBytes = batchBytes;
    this.gap = interval.dividedBy(MAX_PER_INTERVAL);
  }

  /**
   * Returns whether a stream thread commits now, if it has emitted answers. It spends at most half
   * of its time in such commits.
   */
  boolean due(StreamThreadState thread) {
    Duration elapsed = thread.sinceCommit();
    return queues.inFlightImages() < runningImages.getAsInt()
        && queues.inFlightBytes() < batchBytes
        && elapsed.compareTo(gap) >= 0
        && elapsed.compareTo(thread.commitTook()) >= 0;
  }
}
