package dev.vmoe.app.console;

import dev.vmoe.streams.metrics.Distribution;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.MetricsReading;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of the last minutes. Rates and quantiles are computed from the difference of two
 * readings, as Prometheus does.
 */
final class History {

  /** Time that rates and quantiles are taken over. */
  static final Duration WINDOW = Duration.ofSeconds(3);

  /** Time that the experts' numbers are taken over. */
  static final Duration EXPERTS_WINDOW = Duration.ofSeconds(10);

  private final int maxPoints;
  private final Deque<HistoryPoint> points = new ArrayDeque<>();
  private final Deque<TimedReading> readings = new ArrayDeque<>();

  private record TimedReading(MetricsReading reading, long nanos) {}

  /**
   * The metrics at one moment; unknown values are not a number.
   *
   * @param timeMs the moment, in milliseconds since 1970
   * @param answered images answered a second
   * @param arrivals images arriving a second
   * @param best attainable images a second at the best operating point
   * @param fastest attainable images a second at the fastest operating point
   * @param backlog images sent and not yet answered
   * @param p50 median latency of the answers, in seconds
   * @param p99 its 99th percentile, in seconds
   * @param target target latency, in seconds
   * @param late share of the answers later than the target, counted from when images were first
   *     seen
   * @param requested requested capacity ratio
   * @param effective effective capacity ratio
   * @param expertsPerToken K
   * @param processed share of the token choices that found a slot
   * @param batchImages mean images of a batch
   */
  record HistoryPoint(
      long timeMs,
      double answered,
      double arrivals,
      double best,
      double fastest,
      double backlog,
      double p50,
      double p99,
      double target,
      double late,
      double requested,
      double effective,
      double expertsPerToken,
      double processed,
      double batchImages) {}

  /**
   * The experts' work in the last {@link #EXPERTS_WINDOW}.
   *
   * @param blocks encoder block of each MoE layer
   * @param utilization (L, E) choices that found a slot / slots
   * @param load (L, E) choices before capacity / an even share of them
   * @param dropped (L) share of the choices that found no slot
   */
  record Experts(
      List<Integer> blocks,
      List<List<Double>> utilization,
      List<List<Double>> load,
      List<Double> dropped) {}

  /**
   * A served model.
   *
   * @param share of the answers in the last {@link #EXPERTS_WINDOW} that it gave; not a number if
   *     there were none
   */
  record ModelShare(String name, double share) {}

  /**
   * Creates an empty history.
   *
   * @param maxPoints maximum points to keep
   */
  History(int maxPoints) {
    this.maxPoints = maxPoints;
  }

  /**
   * Adds a reading.
   *
   * @param timeMs its time, in milliseconds since 1970
   * @param nanos its time on a monotonic clock, in nanoseconds
   */
  synchronized void add(MetricsReading reading, long timeMs, long nanos) {
    TimedReading now = new TimedReading(reading, nanos);
    points.addLast(point(now, before(now, WINDOW), timeMs));
    if (points.size() > maxPoints) {
      points.removeFirst();
    }
    readings.addLast(now);
    while (nanos - readings.getFirst().nanos() > EXPERTS_WINDOW.toNanos()) {
      readings.removeFirst();
    }
  }

  /** Returns the oldest reading within the window; else the last one. */
  private @Nullable TimedReading before(TimedReading now, Duration window) {
    for (TimedReading reading : readings) {
      if (now.nanos() - reading.nanos() <= window.toNanos()) {
        return reading;
      }
    }
    return readings.peekLast();
  }

  private static HistoryPoint point(TimedReading now, @Nullable TimedReading before, long timeMs) {
    MetricsReading reading = now.reading();
    Optional<Distribution> latency = lately(now, before, Metric.IMAGE_LATENCY);
    double answered = grown(now, before, Metric.IMAGES_ANSWERED);
    return new HistoryPoint(
        timeMs,
        before == null ? Double.NaN : answered / ((now.nanos() - before.nanos()) / 1e9),
        reading.sum(Metric.ARRIVALS),
        reading.value(Metric.ATTAINABLE, "best"),
        reading.value(Metric.ATTAINABLE, "fastest"),
        reading.sum(Metric.BACKLOG),
        latency.map(of -> of.quantile(0.5)).orElse(Double.NaN),
        latency.map(of -> of.quantile(0.99)).orElse(Double.NaN),
        reading.sum(Metric.LATENCY_TARGET),
        answered > 0 ? grown(now, before, Metric.IMAGES_LATE) / answered : Double.NaN,
        reading.sum(Metric.CAPACITY_REQUESTED),
        reading.sum(Metric.CAPACITY_EFFECTIVE),
        reading.sum(Metric.EXPERTS_PER_TOKEN),
        reading.sum(Metric.BATCH_PROCESSED),
        lately(now, before, Metric.BATCH_SIZE).map(Distribution::mean).orElse(Double.NaN));
  }

  private static double grown(TimedReading now, @Nullable TimedReading before, Metric counter) {
    return before == null ? Double.NaN : now.reading().sum(counter) - before.reading().sum(counter);
  }

  private static Optional<Distribution> lately(
      TimedReading now, @Nullable TimedReading before, Metric metric) {
    return before == null
        ? Optional.empty()
        : now.reading()
            .distribution(metric)
            .flatMap(of -> before.reading().distribution(metric).map(of::since));
  }

  /** Returns the points newer than a time, oldest first. */
  synchronized List<HistoryPoint> after(long timeMs) {
    return points.stream().filter(point -> point.timeMs() > timeMs).toList();
  }

  /** Returns the newest reading, if there is one. */
  synchronized Optional<MetricsReading> reading() {
    return Optional.ofNullable(readings.peekLast()).map(TimedReading::reading);
  }

  /** Returns the served models, the one that answers most first. */
  synchronized List<ModelShare> models() {
    TimedReading first = readings.peekFirst();
    TimedReading last = readings.peekLast();
    if (first == null || last == null) {
      return List.of();
    }
    Map<List<String>, Double> answered = grownByLabels(first, last, Metric.MODEL_IMAGES);
    answered.replaceAll((labels, grown) -> Math.max(0, grown)); // 0 again if served once more
    double all = answered.values().stream().mapToDouble(Double::doubleValue).sum();
    return answered.entrySet().stream()
        .sorted(
            Map.Entry.<List<String>, Double>comparingByValue()
                .reversed()
                .thenComparing(entry -> entry.getKey().get(0)))
        .map(entry -> new ModelShare(entry.getKey().get(0), entry.getValue() / all))
        .toList();
  }

  /** Returns the experts' work; empty for a dense model, and before the first batch. */
  synchronized Optional<Experts> experts() {
    TimedReading first = readings.peekFirst();
    TimedReading last = readings.peekLast();
    if (first == null || last == null) {
      return Optional.empty();
    }
    Map<List<String>, Double> assigned = grownByLabels(first, last, Metric.EXPERT_ASSIGNED);
    Map<List<String>, Double> dispatched = grownByLabels(first, last, Metric.EXPERT_DISPATCHED);
    double slots =
        last.reading().sum(Metric.EXPERT_SLOTS) - first.reading().sum(Metric.EXPERT_SLOTS);
    if (assigned.isEmpty() || !(slots > 0)) {
      return Optional.empty();
    }
    List<Integer> blocks = numbers(assigned, 0);
    List<Integer> experts = numbers(assigned, 1);
    List<List<Double>> utilization = new ArrayList<>();
    List<List<Double>> load = new ArrayList<>();
    List<Double> dropped = new ArrayList<>();
    for (int block : blocks) {
      double choices = sum(experts, expert -> of(assigned, block, expert));
      double found = sum(experts, expert -> of(dispatched, block, expert));
      utilization.add(
          experts.stream().map(expert -> of(dispatched, block, expert) / slots).toList());
      load.add(
          experts.stream()
              .map(expert -> of(assigned, block, expert) * experts.size() / choices)
              .toList());
      dropped.add(1 - found / choices);
    }
    return Optional.of(new Experts(blocks, utilization, load, dropped));
  }

  private static double sum(List<Integer> experts, ToDoubleFunction<Integer> of) {
    return experts.stream().mapToDouble(of).sum();
  }

  private static double of(Map<List<String>, Double> values, int block, int expert) {
    return values.getOrDefault(
        List.of(Integer.toString(block), Integer.toString(expert)), Double.NaN);
  }

  private static Map<List<String>, Double> grownByLabels(
      TimedReading first, TimedReading last, Metric counter) {
    Map<List<String>, Double> before = first.reading().values(counter);
    Map<List<String>, Double> grown = last.reading().values(counter);
    grown.replaceAll((labels, value) -> value - before.getOrDefault(labels, 0.0));
    return grown;
  }

  private static List<Integer> numbers(Map<List<String>, Double> values, int label) {
    TreeSet<Integer> numbers = new TreeSet<>();
    values.keySet().forEach(labels -> numbers.add(Integer.valueOf(labels.get(label))));
    return List.copyOf(numbers);
  }
}
