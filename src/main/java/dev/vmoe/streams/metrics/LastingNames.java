package dev.vmoe.streams.metrics;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;

/**
 * Metrics of Kafka under names that last: Kafka Streams puts a new id into its clients' names at
 * every start, and a label that is new each time would make new series each time.
 *
 * <p>The names are changed before Micrometer sees them. It removes a metric that Kafka no longer
 * has by its name: one that a filter had changed would stay for ever, without a value, and each
 * change of the clients would register all others a second time.
 */
final class LastingNames {

  private static final Pattern PROCESS_ID =
      Pattern.compile("-?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

  private static final String PROCESS = "process-id";

  private LastingNames() {}

  private record Renamed(MetricName metricName, Metric metric) implements Metric {
    @Override
    public Object metricValue() {
      return metric.metricValue();
    }
  }

  /**
   * Returns a client that has these metrics under their lasting names, and nothing else: Micrometer
   * takes metrics from clients only.
   */
  static Producer<?, ?> client(Supplier<Map<MetricName, ? extends Metric>> metrics) {
    return (Producer<?, ?>)
        Proxy.newProxyInstance(
            Producer.class.getClassLoader(),
            new Class<?>[] {Producer.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("metrics")) {
                return of(metrics.get());
              }
              throw new UnsupportedOperationException(method.getName());
            });
  }

  private static Map<MetricName, Metric> of(Map<MetricName, ? extends Metric> metrics) {
    Map<MetricName, Metric> lasting = new HashMap<>();
    metrics.forEach(
        (name, metric) -> {
          MetricName its = lasting(name);
          lasting.put(its, new Renamed(its, metric));
        });
    return lasting;
  }

  private static MetricName lasting(MetricName name) {
    Map<String, String> tags = new LinkedHashMap<>(name.tags());
    tags.remove(PROCESS);
    tags.replaceAll((tag, value) -> PROCESS_ID.matcher(value).replaceAll(""));
    return new MetricName(name.name(), name.group(), name.description(), tags);
  }
}
