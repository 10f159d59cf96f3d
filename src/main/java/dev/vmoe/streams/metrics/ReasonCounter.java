package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A counter for each reason, up to a maximum number of reasons: reasons that contain numbers must
 * not create a new series each time.
 */
final class ReasonCounter {

  static final int MAX_REASONS = 16;
  static final String OTHER = "other";

  private final Meters meters;
  private final Metric metric;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();

  /** Creates a counter of a metric whose only label is the reason. */
  ReasonCounter(Meters meters, Metric metric) {
    this.meters = meters;
    this.metric = metric;
  }

  void increment(String reason) {
    counter(reason).increment();
  }

  /** Returns the counter of a reason; creates it if needed. */
  Counter counter(String reason) {
    Counter known = counters.get(reason);
    if (known != null) {
      return known;
    }
    String kept = counters.size() < MAX_REASONS ? reason : OTHER;
    return counters.computeIfAbsent(kept, it -> meters.counter(metric, it));
  }
}
