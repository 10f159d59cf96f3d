package dev.vmoe.capacity;

/**
 * What a controller may know when the next batch is about to run.
 *
 * @param nowNanos monotonic time, in nanoseconds
 * @param batchImages images of the batch about to run
 * @param waitingImages images in the instance that wait behind this batch
 * @param oldestAgeNanos time since the oldest image of the batch was first seen, in nanoseconds
 */
public record Sample(long nowNanos, int batchImages, int waitingImages, long oldestAgeNanos) {}
