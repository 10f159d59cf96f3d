package dev.vmoe.core.capacity;

import org.jspecify.annotations.Nullable;

/**
 * What a controller may know when the next batch is about to run.
 *
 * @param nowNanos monotonic time, in nanoseconds
 * @param batchImages images of the batch about to run
 * @param waitingImages images in the instance that wait behind this batch
 * @param runningImages images of the batches that run when this one begins
 * @param oldestAgeNanos time since the oldest image of the batch was first seen, in nanoseconds
 * @param idleNanos how long this batch has been complete while nothing ran, in nanoseconds: what a
 *     batch costs beside its run
 * @param lastRun the run before this one; null before the first
 * @param load reading of the load from outside the instance
 * @param expiredImages images that expired since the sample before this one: they came in, and no
 *     run was spent on them
 * @param leftNanos time until the most urgent image of the batch has to be answered, in
 *     nanoseconds; {@link Long#MAX_VALUE} where none has a deadline
 */
public record Sample(
    long nowNanos,
    int batchImages,
    int waitingImages,
    int runningImages,
    long oldestAgeNanos,
    long idleNanos,
    @Nullable RunTime lastRun,
    Load load,
    int expiredImages,
    long leftNanos) {

  /** Returns how many images were answered since the sample before this one. */
  long answeredImages(Sample before) {
    return (long) before.runningImages + before.batchImages - runningImages;
  }

  /** Returns when those images were answered, at the latest now. */
  long answeredNanos(Sample before) {
    return lastRun == null ? nowNanos : Math.min(nowNanos, before.nowNanos + lastRun.nanos());
  }

  /** Returns how long the instance held no image between the batch before and this one. */
  long silenceNanos(Sample before) {
    return runningImages > 0 ? 0 : Math.max(0, nowNanos - oldestAgeNanos - answeredNanos(before));
  }

  /** Returns the images that have not begun to run: those of this batch and those behind it. */
  long imagesHere() {
    return (long) batchImages + waitingImages;
  }

  /** Returns the images in the instance, those that run included. */
  long imagesInside() {
    return imagesHere() + runningImages;
  }

  /** Returns the sample with another load. */
  public Sample withLoad(Load other) {
    return new Sample(
        nowNanos,
        batchImages,
        waitingImages,
        runningImages,
        oldestAgeNanos,
        idleNanos,
        lastRun,
        other,
        expiredImages,
        leftNanos);
  }
}
