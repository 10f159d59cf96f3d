package dev.vmoe.streams.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The values of the pipeline's own metrics at one moment, as in a scrape. */
public final class MetricsReading {

  private final Map<String, List<? extends DataPointSnapshot>> byName = new HashMap<>();

  MetricsReading(MetricSnapshots snapshots) {
    for (MetricSnapshot snapshot : snapshots) {
      byName.put(snapshot.getMetadata().getPrometheusName(), snapshot.getDataPoints());
    }
  }

  /** Prometheus' snapshots have names without the endings that a scrape adds. */
  private List<? extends DataPointSnapshot> points(Metric metric) {
    return byName.getOrDefault(metric.id().replaceFirst("_(total|info)$", ""), List.of());
  }

  /** Returns the sum over all labels of a counter or gauge; not a number if it has no value. */
  public double sum(Metric metric) {
    return points(metric).stream()
        .mapToDouble(MetricsReading::value)
        .reduce(Double::sum)
        .orElse(Double.NaN);
  }

  /** Returns the values of a counter or gauge by its label values, in the order of the labels. */
  public Map<List<String>, Double> values(Metric metric) {
    Map<List<String>, Double> values = new HashMap<>();
    for (DataPointSnapshot point : points(metric)) {
      values.put(labels(metric, point), value(point));
    }
    return values;
  }

  /** Returns the value with these label values; not a number if there is none. */
  public double value(Metric metric, String... labels) {
    return values(metric).getOrDefault(List.of(labels), Double.NaN);
  }

  /**
   * Returns the label values of an information metric, in the order of the labels, if it is known.
   */
  public Optional<List<String>> info(Metric metric) {
    return points(metric).stream().findFirst().map(point -> labels(metric, point));
  }

  /** Returns a histogram without labels, if there is one. */
  public Optional<Distribution> distribution(Metric metric) {
    for (DataPointSnapshot point : points(metric)) {
      if (point instanceof HistogramDataPointSnapshot histogram) {
        ClassicHistogramBuckets buckets = histogram.getClassicBuckets();
        double[] bounds = new double[buckets.size()];
        long[] counts = new long[buckets.size()];
        for (int i = 0; i < counts.length; i++) {
          bounds[i] = buckets.getUpperBound(i);
          counts[i] = buckets.getCount(i);
        }
        return Optional.of(new Distribution(bounds, counts, histogram.getSum()));
      }
    }
    return Optional.empty();
  }

  private static List<String> labels(Metric metric, DataPointSnapshot point) {
    return metric.labels().stream()
        .map(label -> String.valueOf(point.getLabels().get(label)))
        .toList();
  }

  private static double value(DataPointSnapshot point) {
    if (point instanceof CounterDataPointSnapshot counter) {
      return counter.getValue();
    }
    return point instanceof GaugeDataPointSnapshot gauge ? gauge.getValue() : Double.NaN;
  }
}
