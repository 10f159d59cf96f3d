package dev.vmoe.streams.tracing;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives OpenTelemetry's log from the JDK's logging and passes it on to the project's log.
 * Failures of exports are only kept, since {@link WatchedExporter} logs them once.
 */
final class OpenTelemetryLog extends Handler {

  private static final Logger log = LoggerFactory.getLogger(Tracing.class);

  /** Kept here, because the JDK forgets a logger without references, and its handlers. */
  private static final java.util.logging.Logger SOURCE =
      java.util.logging.Logger.getLogger("io.opentelemetry");

  private static final String EXPORTERS = "io.opentelemetry.exporter.";
  private static final String EXPORTERS_SETTINGS =
      "io.opentelemetry.exporter.otlp.internal.OtlpConfigUtil";
  private static final String QUEUE = "io.opentelemetry.sdk.trace.export.";

  private static final OpenTelemetryLog INSTANCE = new OpenTelemetryLog();

  private volatile String lastFailure = "no reason was given";

  private OpenTelemetryLog() {}

  /** Takes the log over; more than one call does no harm. */
  static void takeOver() {
    SOURCE.setUseParentHandlers(false);
    SOURCE.removeHandler(INSTANCE);
    SOURCE.addHandler(INSTANCE);
  }

  /** Returns the last failure of an export that OpenTelemetry logged. */
  static String lastFailure() {
    return INSTANCE.lastFailure;
  }

  @Override
  public void publish(LogRecord line) {
    String name = String.valueOf(line.getLoggerName());
    String text = text(line);
    if (name.startsWith(EXPORTERS) && !name.equals(EXPORTERS_SETTINGS)) {
      lastFailure = text;
    } else if (name.startsWith(QUEUE) || line.getLevel().intValue() < Level.WARNING.intValue()) {
      log.debug("{}", text); // a full queue is counted
    } else {
      log.warn("{}", text);
    }
  }

  private static String text(LogRecord line) {
    Throwable thrown = line.getThrown();
    return new SimpleFormatter().formatMessage(line).strip().replaceAll("[.\\s]+$", "")
        + (thrown == null ? "" : " (" + thrown + ")");
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
