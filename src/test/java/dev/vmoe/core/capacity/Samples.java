package dev.vmoe.core.capacity;

import org.jspecify.annotations.Nullable;

/** Samples of an instance whose images have no deadlines. */
public final class Samples {

  private Samples() {}

  /** Returns the sample of an instance that runs one batch at a time. */
  public static Sample of(
      long nowNanos,
      int batchImages,
      int waitingImages,
      long oldestAgeNanos,
      long idleNanos,
      @Nullable RunTime lastRun,
      Load load) {
    return of(nowNanos, batchImages, waitingImages, 0, oldestAgeNanos, idleNanos, lastRun, load);
  }

  /** Returns the sample of an instance that runs several batches at a time. */
  static Sample of(
      long nowNanos,
      int batchImages,
      int waitingImages,
      int runningImages,
      long oldestAgeNanos,
      long idleNanos,
      @Nullable RunTime lastRun,
      Load load) {
    return new Sample(
        nowNanos,
        batchImages,
        waitingImages,
        runningImages,
        oldestAgeNanos,
        idleNanos,
        lastRun,
        load,
        0,
        Long.MAX_VALUE);
  }
}
