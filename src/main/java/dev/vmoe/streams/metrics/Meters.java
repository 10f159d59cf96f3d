package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.streams.KafkaStreams;

/**
 * The metrics of one instance and their scrape. A recorder creates its meters once and keeps them,
 * so that recording needs no lookup.
 */
public final class Meters implements AutoCloseable {

  /** Prefix of the pipeline's own metrics. */
  private static final String OWN = "vmoe_";

  /** Until then the metrics of a client that another has replaced keep their last values. */
  private static final Duration KAFKA_REFRESH = Duration.ofSeconds(10);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Deque<AutoCloseable> bound = new ArrayDeque<>();

  /** Creates empty meters. */
  public Meters() {
    registry.throwExceptionOnRegistrationFailure();
  }

  /** Adds memory, garbage collection, threads, processor time and open files of the JVM. */
  public void bindJvm() {
    JvmGcMetrics collections = new JvmGcMetrics();
    bound.push(collections);
    List.of(
            new JvmInfoMetrics(),
            new JvmMemoryMetrics(),
            collections,
            new JvmThreadMetrics(),
            new ClassLoaderMetrics(),
            new ProcessorMetrics(),
            new FileDescriptorMetrics(),
            new UptimeMetrics())
        .forEach((MeterBinder binder) -> binder.bindTo(registry));
  }

  /**
   * Adds the metrics of Kafka Streams and of its consumers, producers and admin client, under
   * {@linkplain LastingNames lasting names}.
   */
  public void bindKafka(KafkaStreams streams) {
    ScheduledExecutorService refresher =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "vmoe-kafka-metrics");
              thread.setDaemon(true);
              return thread;
            });
    KafkaClientMetrics kafka =
        new KafkaClientMetrics(
            LastingNames.client(streams::metrics), List.of(), refresher, KAFKA_REFRESH);
    bound.push(kafka);
    bound.push(refresher::shutdownNow); // stops before what it reads is closed
    kafka.bindTo(registry);
  }

  /** Returns a counter with one value for each of the metric's labels. */
  Counter counter(Metric metric, String... labelValues) {
    requireType(metric, Metric.Type.COUNTER);
    return Counter.builder(meterName(metric))
        .description(metric.description())
        .tags(tags(metric, labelValues))
        .register(registry);
  }

  /** Adds a counter whose value is asked for at each scrape. */
  void counter(Metric metric, LongSupplier value, String... labelValues) {
    requireType(metric, Metric.Type.COUNTER);
    // Micrometer holds the object weakly and the function strongly.
    FunctionCounter.builder(meterName(metric), registry, unused -> value.getAsLong())
        .description(metric.description())
        .tags(tags(metric, labelValues))
        .register(registry);
  }

  /** Returns the value of a gauge, for setting it. */
  GaugeValue level(Metric metric, String... labelValues) {
    GaugeValue level = new GaugeValue();
    gauge(metric, level::get, labelValues);
    return level;
  }

  /** Adds a gauge whose value is asked for at each scrape. */
  void gauge(Metric metric, DoubleSupplier value, String... labelValues) {
    requireType(metric, Metric.Type.GAUGE);
    register(metric, value, labelValues);
  }

  /** Adds a fact about the instance; {@link #remove} it when it is no longer true. */
  Meter info(Metric metric, String... labelValues) {
    requireType(metric, Metric.Type.INFO);
    return register(metric, () -> 1, labelValues);
  }

  void remove(Meter meter) {
    registry.remove(meter);
  }

  private Meter register(Metric metric, DoubleSupplier value, String... labelValues) {
    return Gauge.builder(meterName(metric), value, DoubleSupplier::getAsDouble)
        .description(metric.description())
        .tags(tags(metric, labelValues))
        .strongReference(true)
        .register(registry);
  }

  /**
   * Returns a histogram; times are in seconds.
   *
   * <p>It is Prometheus' own, because Micrometer's rounds a value up to a whole number before it
   * chooses the bucket.
   */
  DistributionDataPoint histogram(Metric metric) {
    requireType(metric, Metric.Type.HISTOGRAM);
    return Histogram.builder()
        .name(metric.id())
        .help(metric.description())
        .classicOnly()
        .classicUpperBounds(metric.buckets())
        .withoutExemplars()
        .register(registry.getPrometheusRegistry());
  }

  private static void requireType(Metric metric, Metric.Type type) {
    if (metric.type() != type) {
      throw new IllegalArgumentException(
          metric.id() + " is a " + metric.type().label() + ", not a " + type.label());
    }
  }

  /** Returns the name that Micrometer turns into the scraped one. */
  private static String meterName(Metric metric) {
    return metric.id().replaceFirst("_total$", "").replace('_', '.');
  }

  private static Iterable<Tag> tags(Metric metric, String... labelValues) {
    if (labelValues.length != metric.labels().size()) {
      throw new IllegalArgumentException(
          "%s has the labels %s, got %s"
              .formatted(metric.id(), metric.labels(), Arrays.toString(labelValues)));
    }
    Tags tags = Tags.empty();
    for (int i = 0; i < labelValues.length; i++) {
      tags = tags.and(metric.labels().get(i), labelValues[i]);
    }
    return tags;
  }

  /**
   * Returns everything as text.
   *
   * @param exposition format of the text
   */
  public String scrape(Exposition exposition) {
    return registry.scrape(exposition.contentType());
  }

  /**
   * Returns the values of the pipeline's own metrics now, without those of the JVM and of Kafka.
   */
  public MetricsReading read() {
    return new MetricsReading(
        registry.getPrometheusRegistry().scrape(name -> name.startsWith(OWN)));
  }

  @Override
  public void close() {
    while (!bound.isEmpty()) {
      try {
        bound.pop().close();
      } catch (Exception e) {
        throw new IllegalStateException("cannot close the meters", e);
      }
    }
    registry.close();
  }
}
