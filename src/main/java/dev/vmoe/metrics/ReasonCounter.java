package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A counter for each of the reasons that come, up to a bound: a reason with a number in it must not
 * make a series of its own every time.
 */
final class ReasonCounter {

  static final int MOST_REASONS = 16;
  static final String OTHER = "other";

  private final Meters meters;
  private final Metric metric;
  private final Map<String, Counter> counters = new ConcurrentHashMap<>();

  /** Creates a counter; a metric with one label, the reason. */
  ReasonCounter(Meters meters, Metric metric) {
    this.meters = meters;
    this.metric = metric;
  }

  /** Counts once for this reason. */
  void increment(String reason) {
    counter(reason).increment();
  }

  /** Returns a reason's counter, which is scraped from now on. */
  Counter counter(String reason) {
    Counter known = counters.get(reason);
    if (known != null) {
      return known;
    }
    String kept = counters.size() < MOST_REASONS ? reason : OTHER;
    return counters.computeIfAbsent(kept, it -> meters.counter(metric, it));
  }
}
