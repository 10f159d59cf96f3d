package dev.vmoe.streams.tracing;

import dev.vmoe.streams.metrics.TraceMetrics;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts exported and lost spans. Logs only the first failure in a row, and the first success after
 * it.
 */
final class WatchedExporter implements SpanExporter {

  private static final Logger log = LoggerFactory.getLogger(WatchedExporter.class);

  private final SpanExporter exporter;
  private final String endpoint;
  private final TraceMetrics metrics;
  private final AtomicBoolean failing = new AtomicBoolean();

  /**
   * Watches an exporter.
   *
   * @param endpoint its destination, for the log
   */
  WatchedExporter(SpanExporter exporter, String endpoint, TraceMetrics metrics) {
    this.exporter = exporter;
    this.endpoint = endpoint;
    this.metrics = metrics;
  }

  @Override
  public CompletableResultCode export(Collection<SpanData> spans) {
    int count = spans.size();
    CompletableResultCode outcome = exporter.export(spans);
    return outcome.whenComplete(() -> ended(outcome, count));
  }

  private void ended(CompletableResultCode outcome, int spans) {
    if (outcome.isSuccess()) {
      if (failing.compareAndSet(true, false)) {
        log.info("traces reach {} again", endpoint);
      }
      metrics.exported(spans);
    } else {
      if (failing.compareAndSet(false, true)) {
        log.warn(
            "traces do not reach {}: {}. Images are still answered; until exports work again, spans"
                + " are dropped and counted in vmoe_spans_dropped_total",
            endpoint,
            OpenTelemetryLog.lastFailure());
      }
      metrics.failed(spans);
    }
  }

  @Override
  public CompletableResultCode flush() {
    return exporter.flush();
  }

  @Override
  public CompletableResultCode shutdown() {
    return exporter.shutdown();
  }
}
