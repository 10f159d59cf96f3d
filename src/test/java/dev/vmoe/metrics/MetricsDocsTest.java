package dev.vmoe.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Keeps {@code src/docs/metrics.md} as the enum says. */
class MetricsDocsTest {

  private static final Path PAGE =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("src/docs/metrics.md");
  private static final String COMMAND =
      "mvn -q test -Dtest=MetricsDocsTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dupdate.docs=true";

  @Test
  void shouldDocumentEveryMetricAsItIsDefined() throws IOException {
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(PAGE, page());
    }

    assertThat(PAGE)
        .as("%s is stale; regenerate it with: %s", PAGE, COMMAND)
        .exists()
        .hasContent(page());
  }

  private static String page() {
    StringBuilder page =
        new StringBuilder(
            """
            # Metrics

            <!-- Generated from dev.vmoe.metrics.Metric; do not edit. -->

            `vmoe run` serves them at `/metrics` of its console (`console.host`, `console.port`;
            [settings.md](settings.md)), as Prometheus text or, where the scraper asks for it, OpenMetrics.
            They speak for one instance: sum over instances in the query.

            Counters count what the instance did. The topics are exactly-once, counters are not: what is
            answered again after a crash or a rebalance is counted again, by whoever does it.
            A gauge that nothing is known for yet is `NaN`. A histogram comes as `_bucket`, `_sum` and `_count`.

            | metric | type | unit | labels | meaning |
            |---|---|---|---|---|
            """);
    for (Metric metric : Metric.values()) {
      page.append(
          "| `%s` | %s | %s | %s | %s |%n"
              .formatted(
                  metric.id(),
                  metric.type().label(),
                  metric.unit(),
                  metric.labels().stream()
                      .map(label -> "`" + label + "`")
                      .collect(Collectors.joining(", ")),
                  metric.description()));
    }
    page.append("\n## Buckets\n\n| histogram | upper bounds |\n|---|---|\n");
    for (Metric metric : Metric.values()) {
      if (metric.type() == Metric.Type.HISTOGRAM) {
        page.append(
            "| `%s` | %s |%n"
                .formatted(
                    metric.id(),
                    Arrays.stream(metric.buckets())
                        .mapToObj(MetricsDocsTest::shortest)
                        .collect(Collectors.joining(", "))));
      }
    }
    return page.append(
            """

            ## Of others
            `kafka_…` are the metrics of Kafka Streams and its clients (Apache Kafka's documentation says what
            they mean; the part of a client's name that is new at every start is left out), `jvm_…`, `process_…`
            and `system_…` those of the Java virtual machine. Both come from Micrometer.

            ## Queries
            | question | query |
            |---|---|
            | answered images a second | `sum(rate(vmoe_images_answered_total[1m]))` |
            | 99th percentile of the latency | `histogram_quantile(0.99, sum by (le) (rate(vmoe_image_latency_seconds_bucket[5m])))` |
            | mean batch | `rate(vmoe_batch_images_sum[1m]) / rate(vmoe_batch_images_count[1m])` |
            | share of an expert's slots that is used | `sum by (layer, expert) (rate(vmoe_expert_choices_dispatched_total[1m])) / on () group_left sum(rate(vmoe_expert_slots_total[1m]))` |
            | share of choices that are dropped | `1 - sum(rate(vmoe_expert_choices_dispatched_total[1m])) / sum(rate(vmoe_expert_choices_assigned_total[1m]))` |
            | more is asked than any capacity ratio gives | `vmoe_offered_load_ratio{point="fastest"} > 1` |
            """)
        .toString();
  }

  private static String shortest(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }
}
