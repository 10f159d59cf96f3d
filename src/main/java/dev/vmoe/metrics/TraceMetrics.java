package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.function.LongSupplier;

/** Records what becomes of the spans of traces. */
public final class TraceMetrics {

  private static final String QUEUE = "queue";

  private final Meters meters;
  private final Counter exported;
  private final Counter failed;
  private volatile LongSupplier queueDrops = () -> 0;

  TraceMetrics(Meters meters) {
    this.meters = meters;
    exported = meters.counter(Metric.SPANS_EXPORTED);
    failed = meters.counter(Metric.SPANS_DROPPED, "export");
    meters.counter(Metric.SPANS_DROPPED, () -> queueDrops.getAsLong(), QUEUE);
  }

  /** The collector took so many spans. */
  public void exported(int spans) {
    exported.increment(spans);
  }

  /** So many spans did not reach the collector. */
  public void failed(int spans) {
    failed.increment(spans);
  }

  /** Says where to ask, at each scrape, how many spans have found the queue full so far. */
  public void queueDrops(LongSupplier count) {
    queueDrops = count;
  }
}
