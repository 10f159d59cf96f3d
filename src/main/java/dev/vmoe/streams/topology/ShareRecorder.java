package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.metrics.ExpertMetrics;
import dev.vmoe.streams.metrics.ImageMetrics;
import dev.vmoe.streams.metrics.PipelineMetrics;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Counts images, batches and shares in the metrics. */
public final class ShareRecorder implements ImageObserver {

  private final PipelineMetrics metrics;

  public ShareRecorder(PipelineMetrics metrics) {
    this.metrics = metrics;
  }

  @Override
  public void buffered() {
    metrics.images().read();
  }

  @Override
  public void ran(BatchRun run, List<QueuedRecord> images) {
    metrics.batchFinished(run.flushReason().label(), run.lingerNanos());
    BatchResult result = run.result();
    Decision decision = run.decision();
    if (result == null || decision == null) {
      return; // nothing was left to run
    }
    metrics.batchRan(run.numImages(), result.inferenceNanos(), processedShare(result.counts()));
    metrics
        .capacity()
        .decided(
            decision.point().model(),
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

  @Override
  public void emitted(Emission emission) {
    ImageMetrics images = metrics.images();
    int answered = 0;
    for (Answer<QueuedRecord> answer : emission.share().answers()) {
      if (answer instanceof Answer.Classified<QueuedRecord> classified) {
        long ageMs = emission.nowMs() - classified.origin().record().timestamp();
        long seenNanos = emission.arrivals().seenNanos(classified.origin().position().offset());
        images.answered(
            classified.queueNanos(),
            classified.decodeNanos(),
            ageMs,
            Math.min(TimeUnit.MILLISECONDS.toNanos(ageMs), emission.nowNanos() - seenNanos));
        answered++;
      } else if (answer instanceof Answer.Rejected<QueuedRecord> rejected) {
        images.deadLettered(cause(rejected));
      }
    }
    images.answeredBy(emission.share().run().card().name(), answered);
  }

  /** Returns why there is no answer, as the metric's label says it. */
  private static String cause(Answer.Rejected<QueuedRecord> rejected) {
    if (rejected.cause() == Answer.Cause.EXPIRED) {
      return "expired";
    }
    if (rejected.cause() == Answer.Cause.TIMEOUT) {
      return "timeout";
    }
    BadRecordException refusal = rejected.origin().refusal();
    if (refusal == null) {
      return "image";
    }
    if (refusal instanceof BadRecordException.NotAvro) {
      return "avro";
    }
    if (refusal instanceof BadRecordException.Poison) {
      return "poison";
    }
    if (refusal instanceof BadRecordException.NotFetched) {
      return "fetch";
    }
    return refusal instanceof BadRecordException.Refused
            || refusal instanceof BadRecordException.NotJson
        ? "refused"
        : "schema";
  }

  @Override
  public void emitted(ExpertUtilization utilization) {
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
