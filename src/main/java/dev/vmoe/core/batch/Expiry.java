package dev.vmoe.core.batch;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/**
 * Finds the images that can no longer be answered in time, before work is spent on them.
 *
 * <pre>
 * an image comes                     now + 1.5 · (rest + ahead + run(own batch)) &gt; due
 * its batch is decoded, and is run   now + 1.2 · run(batch) &gt; due
 * </pre>
 *
 * where {@code rest} is the time until one of the runs ends if all are busy, {@code ahead} what
 * waits before the image's batch, and {@code run} a run at the fastest point.
 *
 * <p>The first check is the stricter one, and what it expires takes no place in a batch: so under
 * overload batches are full of images that will be in time. The others catch what was predicted too
 * short. Strictness costs no throughput: images expire only where more of them wait than can be
 * answered.
 *
 * <p>Guarded by the batcher's lock.
 */
final class Expiry<T> {

  private static final double WAIT_MARGIN = 1.5;
  private static final double RUN_MARGIN = 1.2;

  private static final double MEAN_WEIGHT = 0.2;

  private final List<MicroBatch<T>> running = new ArrayList<>();

  /** Images of the batch that began last, before any of them expired in it. */
  private int lastFilled;

  /** Mean over recent runs, for controllers that know nothing of time; 0 before the first. */
  private double meanImages;

  private double meanNanos;
  private int expired;

  void began(MicroBatch<T> batch) {
    running.add(batch);
    lastFilled = batch.images;
  }

  void ended(MicroBatch<T> batch, long nowNanos) {
    running.remove(batch);
    if (batch.run != null && batch.run.numImages() > 0) {
      double weight = meanImages == 0 ? 1 : MEAN_WEIGHT;
      meanImages += weight * (batch.run.numImages() - meanImages);
      meanNanos += weight * (nowNanos - batch.startNanos - meanNanos);
    }
  }

  int runningImages() {
    return images(running);
  }

  /** Returns how many images have expired since this was asked last. */
  int takeExpired() {
    int taken = expired;
    expired = 0;
    return taken;
  }

  /** Returns the images of some batches that have not expired. */
  static int images(Iterable<? extends MicroBatch<?>> batches) {
    int images = 0;
    for (MicroBatch<?> batch : batches) {
      images += batch.wanted();
    }
    return images;
  }

  /**
   * Lets an image expire that has just come, and is in no batch yet.
   *
   * @param queue batches that have not started to run; the image may join the last
   */
  void arrived(BatchEntry<T> entry, Deque<MicroBatch<T>> queue, BatchTerms terms) {
    if (entry.dueNanos == Lane.NEVER_DUE) {
      return;
    }
    MicroBatch<T> last = queue.peekLast();
    int own = last == null || last.flushReason != null ? 1 : last.wanted() + 1;
    long ahead = images(queue) + 1L - own;
    int full = terms.limits().maxImages();
    int runs = terms.model().classifier().parallelRuns();
    long waitNanos = ahead * runNanos(terms, full) / ((long) full * runs);
    if (running.size() >= runs) {
      own = Math.max(own, Math.min(full, lastFilled)); // meanwhile the batch fills
      waitNanos += restNanos(entry.submittedNanos);
    }
    double answeredNanos = WAIT_MARGIN * (waitNanos + runNanos(terms, own));
    long lateNanos = entry.submittedNanos + Math.round(answeredNanos) - entry.dueNanos;
    if (lateNanos > 0) {
      entry.expire(lateNanos);
      expired++;
    }
  }

  /** Lets the most urgent images of a batch expire, until a run of the others is in time. */
  void check(MicroBatch<T> batch, long nowNanos) {
    List<BatchEntry<T>> urgent =
        new ArrayList<>(batch.entries.stream().filter(BatchEntry::hasDeadline).toList());
    urgent.sort(Comparator.comparingLong(entry -> entry.dueNanos - nowNanos));
    int left = batch.toRun();
    for (BatchEntry<T> entry : urgent) {
      long endNanos = nowNanos + Math.round(RUN_MARGIN * runNanos(batch.terms, left));
      if (endNanos - entry.dueNanos <= 0) {
        return;
      }
      batch.expire(entry, endNanos - entry.dueNanos);
      expired++;
      left--;
    }
  }

  /** Returns the time until the first of the runs ends. */
  private long restNanos(long nowNanos) {
    return running.stream()
        .mapToLong(
            batch ->
                batch.startNanos + runNanos(batch.terms, Math.max(1, batch.wanted())) - nowNanos)
        .map(rest -> Math.max(0, rest))
        .min()
        .orElse(0);
  }

  private long runNanos(BatchTerms terms, int images) {
    long predicted = terms.controller().fastestRunNanos(images);
    return predicted > 0 || meanImages == 0
        ? predicted
        : Math.round(meanNanos * Math.max(1, images / meanImages));
  }
}
