package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Keeps {@code src/docs/metrics.md} as the enum says. */
class MetricsDocsTest {

  private static final String COMMAND =
      "mvn -q test -Dtest=MetricsDocsTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dupdate.docs=true";

  @Test
  void shouldDocumentEveryMetricAsItIsDefined() throws IOException {
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(MetricsPage.FILE, page());
    }

    assertThat(MetricsPage.FILE)
        .as("%s is stale; regenerate it with: %s", MetricsPage.FILE, COMMAND)
        .exists()
        .hasContent(page());
  }

  private static String page() {
    StringBuilder page =
        new StringBuilder(
            """
            # Metrics

            <!-- Generated from dev.vmoe.streams.metrics.Metric; do not edit. -->

            `vmoe run` serves them at `/metrics` of its console (`console.host`, `console.port`;
            [settings.md](settings.md)), as Prometheus text or, where the scraper asks for it, OpenMetrics.
            They describe one instance: sum over instances in the query.

            Counters count the work of the instance. The topics are exactly-once, the counters are not: an image
            that is answered again after a crash or a rebalance is counted again, by the instance that answers it.
            A gauge without a known value is `NaN`. A histogram is scraped as `_bucket`, `_sum` and `_count`.

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

            ## Other metrics
            `kafka_…` are the metrics of Kafka Streams and its clients (Apache Kafka's documentation says what
            they mean; client names are without the part that is new at every start). `jvm_…`, `process_…` and
            `system_…` are those of the Java virtual machine. Both come from Micrometer.

            ## Queries
            Values that Prometheus can compute from these have no metric of their own. A range like `[5m]` is the
            window of recent batches. `vmoe-alerts.yml` and the dashboards in `ops` have more queries.

            | question | query |
            |---|---|
            | answered images a second | `sum(rate(vmoe_images_answered_total[1m]))` |
            | share of answers later than the target | `sum(rate(vmoe_images_late_total[5m])) / sum(rate(vmoe_images_answered_total[5m]))` |
            | 99th percentile of the latency | `histogram_quantile(0.99, sum by (le) (rate(vmoe_image_latency_seconds_bucket[5m])))` |
            | mean batch | `rate(vmoe_batch_images_sum[1m]) / rate(vmoe_batch_images_count[1m])` |
            | time to clear the backlog without new arrivals | `vmoe_backlog_images / on (instance) group_right () vmoe_attainable_images_per_second` |
            | share of an expert's slots that is used (utilization) | `sum by (layer, expert) (rate(vmoe_expert_choices_dispatched_total[1m])) / on () group_left () sum(rate(vmoe_expert_slots_total[1m]))` |
            | share of choices that are dropped | `1 - sum(rate(vmoe_expert_choices_dispatched_total[1m])) / sum(rate(vmoe_expert_choices_assigned_total[1m]))` |
            | an expert's share of its layer's importance | `rate(vmoe_expert_importance_total[5m]) / on (instance, layer) group_left () sum by (instance, layer) (rate(vmoe_expert_importance_total[5m]))` |
            | imbalance: load of the busiest expert over the mean | `max by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m])) / avg by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]))` |
            | imbalance: coefficient of variation of the load | `stddev by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m])) / avg by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]))` |
            | imbalance: share of experts below 1 % of the mean load (dead) | `count by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]) < on (instance, layer) group_left () 0.01 * avg by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]))) / count by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m])) or 0 * count by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]))` |
            | imbalance: entropy of the load, in nats; ln E is even | `- sum by (instance, layer) ((rate(vmoe_expert_choices_assigned_total[5m]) / on (instance, layer) group_left () sum by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m]))) * ln(rate(vmoe_expert_choices_assigned_total[5m]) / on (instance, layer) group_left () sum by (instance, layer) (rate(vmoe_expert_choices_assigned_total[5m])) > 0))` |
            | the load is above what any capacity ratio allows | `vmoe_offered_load_ratio{point="fastest"} > 1` |
            | the CPU is used, but the settings ask for another device or leave the choice | `vmoe_device_info{asked!="cpu", device="cpu"}` |
            """)
        .toString();
  }

  private static String shortest(double bound) {
    return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
  }
}
