package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LastingNamesTest {

  private static final String ID = "01234567-89ab-cdef-0123-456789abcdef";

  private final Map<MetricName, Metric> kafkas = new HashMap<>();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final KafkaClientMetrics binder =
      new KafkaClientMetrics(LastingNames.client(() -> kafkas));

  @AfterEach
  void close() {
    binder.close();
  }

  private MetricName add(String thread, AtomicInteger value) {
    String client = "app-" + ID + "-StreamThread-" + thread;
    MetricName name =
        new MetricName(
            "commit-rate",
            "stream-thread-metrics",
            "",
            Map.of("thread-id", client, "process-id", ID));
    kafkas.put(
        name,
        new Metric() {
          @Override
          public MetricName metricName() {
            return name;
          }

          @Override
          public Object metricValue() {
            return value.get();
          }
        });
    return name;
  }

  private List<String> threads() {
    return registry.getMeters().stream()
        .map(Meter::getId)
        .filter(id -> id.getName().equals("kafka.stream.thread.commit.rate"))
        .map(id -> id.getTag("thread.id"))
        .sorted()
        .toList();
  }

  @Test
  void shouldLeaveOutWhatIsNewAtEveryStart() {
    add("1", new AtomicInteger(7));
    binder.bindTo(registry);

    assertThat(threads()).containsExactly("app-StreamThread-1");
    Meter.Id id = registry.get("kafka.stream.thread.commit.rate").gauge().getId();
    assertThat(id.getTag("process.id")).isNull();
    assertThat(registry.get("kafka.stream.thread.commit.rate").gauge().value()).isEqualTo(7);
  }

  @Test
  void shouldForgetAThreadThatWasReplacedAndFollowTheOthers() {
    AtomicInteger second = new AtomicInteger(2);
    MetricName first = add("1", new AtomicInteger(1));
    add("2", second);
    binder.bindTo(registry);
    kafkas.remove(first);
    add("3", new AtomicInteger(3));

    binder.bindTo(registry); // as its next look does

    assertThat(threads()).containsExactly("app-StreamThread-2", "app-StreamThread-3");
    second.set(22);
    assertThat(
            registry
                .get("kafka.stream.thread.commit.rate")
                .tag("thread.id", "app-StreamThread-2")
                .gauge()
                .value())
        .isEqualTo(22);
  }
}
