package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.function.LongSupplier;

/** Records exported and lost spans of traces. */
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

  /** Counts spans that the collector accepted. */
  public void exported(int spans) {
    exported.increment(spans);
  }

  /** Counts spans that did not reach the collector. */
  public void failed(int spans) {
    failed.increment(spans);
  }

  /** Sets the supplier of the number of spans lost to a full queue; asked at each scrape. */
  public void queueDrops(LongSupplier count) {
    queueDrops = count;
  }
}
