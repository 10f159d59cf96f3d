package dev.vmoe.console;

import dev.vmoe.metrics.Distribution;
import dev.vmoe.metrics.Metric;
import dev.vmoe.metrics.Reading;
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
 * The last minutes of the metrics. Rates and quantiles are differences of readings, as Prometheus
 * would make them; nothing is counted here.
 */
final class History {

  /** What rates and quantiles are taken over. */
  static final Duration WINDOW = Duration.ofSeconds(3);

  /** What experts are shown over. */
  static final Duration EXPERTS_WINDOW = Duration.ofSeconds(10);

  private final int mostPoints;
  private final Deque<Point> points = new ArrayDeque<>();
  private final Deque<Timed> readings = new ArrayDeque<>();

  private record Timed(Reading reading, long nanos) {}

  /**
   * One moment; not a number where something is not known.
   *
   * @param timeMs when, in milliseconds since 1970
   * @param answered images answered a second
   * @param arrivals images coming in a second
   * @param best images a second that the best operating point could answer
   * @param fastest the same of the cheapest point
   * @param backlog images sent and not yet answered
   * @param p50 median latency of what was answered, in seconds
   * @param p99 its 99th percentile, in seconds
   * @param target target latency, in seconds
   * @param late share of the answers that were later than it, whatever their records' timestamps
   * @param requested capacity ratio that was asked for
   * @param effective capacity ratio in effect
   * @param expertsPerToken K
   * @param processed share of the token choices that found a slot
   * @param batchImages mean images of a batch
   */
  record Point(
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
   * What the experts did lately.
   *
   * @param blocks encoder block of each MoE layer
   * @param utilization (L, E) choices that found a slot over slots
   * @param load (L, E) choices before capacity over an even share of them
   * @param dropped (L) share of the choices that found no slot
   */
  record Experts(
      List<Integer> blocks,
      List<List<Double>> utilization,
      List<List<Double>> load,
      List<Double> dropped) {}

  /**
   * Creates an empty history.
   *
   * @param mostPoints how many are remembered
   */
  History(int mostPoints) {
    this.mostPoints = mostPoints;
  }

  /**
   * Adds a reading.
   *
   * @param timeMs when, in milliseconds since 1970
   * @param nanos the same on a clock that only goes forward, in nanoseconds
   */
  synchronized void add(Reading reading, long timeMs, long nanos) {
    Timed now = new Timed(reading, nanos);
    points.addLast(point(now, before(now, WINDOW), timeMs));
    if (points.size() > mostPoints) {
      points.removeFirst();
    }
    readings.addLast(now);
    while (nanos - readings.getFirst().nanos() > EXPERTS_WINDOW.toNanos()) {
      readings.removeFirst();
    }
  }

  /** Returns the oldest reading that is not older than this. */
  private @Nullable Timed before(Timed now, Duration window) {
    for (Timed reading : readings) {
      if (now.nanos() - reading.nanos() <= window.toNanos()) {
        return reading;
      }
    }
    return readings.peekLast();
  }

  private static Point point(Timed now, @Nullable Timed before, long timeMs) {
    Reading reading = now.reading();
    Optional<Distribution> latency = lately(now, before, Metric.IMAGE_LATENCY);
    double answered = grown(now, before, Metric.IMAGES_ANSWERED);
    return new Point(
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

  private static double grown(Timed now, @Nullable Timed before, Metric counter) {
    return before == null ? Double.NaN : now.reading().sum(counter) - before.reading().sum(counter);
  }

  private static Optional<Distribution> lately(Timed now, @Nullable Timed before, Metric metric) {
    return before == null
        ? Optional.empty()
        : now.reading()
            .distribution(metric)
            .flatMap(of -> before.reading().distribution(metric).map(of::since));
  }

  /** Returns the points that are newer than this, oldest first. */
  synchronized List<Point> after(long timeMs) {
    return points.stream().filter(point -> point.timeMs() > timeMs).toList();
  }

  /** Returns the newest point, if there is one. */
  synchronized Optional<Point> latest() {
    return Optional.ofNullable(points.peekLast());
  }

  /** Returns the newest reading, if there is one. */
  synchronized Optional<Reading> reading() {
    return Optional.ofNullable(readings.peekLast()).map(Timed::reading);
  }

  /** Returns what the experts did lately; empty for a dense model, and before the first batch. */
  synchronized Optional<Experts> experts() {
    Timed first = readings.peekFirst();
    Timed last = readings.peekLast();
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

  private static Map<List<String>, Double> grownByLabels(Timed first, Timed last, Metric counter) {
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
