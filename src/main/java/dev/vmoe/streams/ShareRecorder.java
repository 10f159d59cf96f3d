package dev.vmoe.streams;

import dev.vmoe.batch.Answer;
import dev.vmoe.batch.BatchRun;
import dev.vmoe.batch.Share;
import dev.vmoe.capacity.Decision;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.inference.BatchResult;
import dev.vmoe.metrics.ExpertMetrics;
import dev.vmoe.metrics.ImageMetrics;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.moe.RoutingCounts;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes batches and shares apart for the recorders. */
public final class ShareRecorder {

  private static final Logger log = LoggerFactory.getLogger(ShareRecorder.class);

  private final PipelineMetrics metrics;
  private final Consumer<Share<Waiting>> newest;
  private final AtomicBoolean failed = new AtomicBoolean();

  public ShareRecorder(PipelineMetrics metrics) {
    this(metrics, share -> {});
  }

  /**
   * Creates a recorder.
   *
   * @param newest takes each share that was forwarded
   */
  public ShareRecorder(PipelineMetrics metrics, Consumer<Share<Waiting>> newest) {
    this.metrics = metrics;
    this.newest = newest;
  }

  /**
   * Does what only watches. A defect of it is counted, the first one told, and goes no further: it
   * would hit the same image again after each restart of its thread.
   */
  public void watch(Runnable observation) {
    try {
      observation.run();
    } catch (RuntimeException | LinkageError e) {
      metrics.observerFailed();
      if (failed.compareAndSet(false, true)) {
        log.error("who watches images failed, and is not heard of again; images go on", e);
      }
    }
  }

  /** Records that a record was read. */
  void read() {
    metrics.images().read();
  }

  /** Records a batch that has run; on the inference thread. */
  public void ran(BatchRun run) {
    metrics.batches().finished(run.flushReason().label(), run.lingerNanos());
    BatchResult result = run.result();
    Decision decision = run.decision();
    if (result == null || decision == null) {
      return; // nothing could be decoded
    }
    metrics
        .batches()
        .ran(run.numImages(), result.inferenceNanos(), processedShare(result.counts()));
    metrics
        .capacity()
        .decided(
            decision.point().capacityRatio(),
            result.effectiveCapacityRatio(),
            decision.point().expertsPerToken(),
            decision.reason(),
            decision.predictedDelayNanos());
  }

  private static double processedShare(RoutingCounts counts) {
    long assigned = 0;
    long dispatched = 0;
    for (int i = 0; i < counts.assigned().length; i++) {
      assigned += counts.assigned()[i];
      dispatched += counts.dispatched()[i];
    }
    return assigned == 0 ? 1 : (double) dispatched / assigned;
  }

  /**
   * Records a share that was forwarded; on its stream thread.
   *
   * @param nowMs wall-clock time, in milliseconds
   * @param arrivals when the partition's records were first seen
   * @param nowNanos the same time on the arrivals' clock, in nanoseconds
   */
  void emitted(Share<Waiting> share, long nowMs, Arrivals arrivals, long nowNanos) {
    watch(() -> newest.accept(share));
    ImageMetrics images = metrics.images();
    for (Answer<Waiting> answer : share.answers()) {
      if (answer instanceof Answer.Classified<Waiting> classified) {
        long ageMs = nowMs - classified.origin().record().timestamp();
        long seenNanos = arrivals.seenNanos(classified.origin().position().offset());
        images.answered(
            classified.queueNanos(),
            classified.decodeNanos(),
            ageMs,
            Math.min(TimeUnit.MILLISECONDS.toNanos(ageMs), nowNanos - seenNanos));
      } else {
        deadLetter(images, answer.origin().refusal());
      }
    }
  }

  private static void deadLetter(ImageMetrics images, @Nullable BadRecordException refusal) {
    if (refusal == null) {
      images.badImage();
    } else if (refusal instanceof BadRecordException.NotAvro) {
      images.notAvro();
    } else if (refusal instanceof BadRecordException.Refused) {
      images.refused();
    } else {
      images.unknownSchema();
    }
  }

  /** Records what the experts did for a share that was forwarded. */
  void emitted(ExpertUtilization utilization) {
    ExpertMetrics experts = metrics.experts();
    experts.slots(utilization.getSlots());
    for (LayerUtilization its : utilization.getLayers()) {
      for (int expert = 0; expert < its.getAssigned().size(); expert++) {
        experts.expert(
            its.getBlock(),
            expert,
            its.getAssigned().get(expert),
            its.getDispatched().get(expert),
            its.getImportance().get(expert));
      }
      experts.droppedEntirely(its.getBlock(), its.getTokensDroppedEntirely());
    }
  }
}
