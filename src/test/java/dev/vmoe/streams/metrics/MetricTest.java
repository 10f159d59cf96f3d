package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MetricTest {

  private static final Pattern NAME = Pattern.compile("vmoe(_[a-z]+)+");

  /** What Prometheus adds itself. */
  private static final List<String> RESERVED = List.of("_bucket", "_sum", "_count", "_created");

  @ParameterizedTest
  @EnumSource
  void shouldFollowThePrometheusConventions(Metric metric) {
    assertThat(metric.id()).matches(NAME);
    assertThat(metric.id().endsWith("_total")).isEqualTo(metric.type() == Metric.Type.COUNTER);
    assertThat(metric.id().endsWith("_info")).isEqualTo(metric.type() == Metric.Type.INFO);
    assertThat(RESERVED).noneMatch(metric.id()::endsWith);
  }

  @ParameterizedTest
  @EnumSource
  void shouldNameBaseUnits(Metric metric) {
    assertThat(metric.id().endsWith("_seconds")).isEqualTo(metric.unit().equals("seconds"));
    assertThat(metric.id().endsWith("_bytes")).isEqualTo(metric.unit().equals("bytes"));
    assertThat(metric.id().endsWith("_ratio")).isEqualTo(metric.unit().equals("ratio"));
    assertThat(metric.id().endsWith("_per_second")).isEqualTo(metric.unit().endsWith("/second"));
    assertThat(metric.id()).doesNotContain("milli", "micro", "nano", "percent");
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayWhatItMeans(Metric metric) {
    assertThat(metric.description()).matches("[A-Z0-9].*\\.").doesNotContain("|", "\n");
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveOnlyLabelsThatAreBounded(Metric metric) {
    assertThat(Set.of("cause", "reason", "layer", "expert", "point", "state", "model", "outcome"))
        .as("labels whose values settings and model bound; those of an info are its content")
        .containsAll(metric.type() == Metric.Type.INFO ? List.of() : metric.labels());
  }

  @ParameterizedTest
  @EnumSource
  void shouldHaveBucketsInOrderIfAHistogram(Metric metric) {
    assertThat(metric.buckets().length > 0).isEqualTo(metric.type() == Metric.Type.HISTOGRAM);
    assertThat(metric.buckets()).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void shouldNameEachMetricOnce() {
    Set<String> names = new TreeSet<>();
    Arrays.stream(Metric.values()).forEach(metric -> names.add(metric.id()));

    assertThat(names).hasSameSizeAs(Metric.values());
  }
}
