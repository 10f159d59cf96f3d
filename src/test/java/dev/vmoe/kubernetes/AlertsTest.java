package dev.vmoe.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.vmoe.streams.metrics.Prometheus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Keeps the Prometheus Operator's copy of the alerts as {@code ops/prometheus} has them. */
class AlertsTest {

  private static final Path COPY = Kustomize.FOLDER.resolve("components/monitoring/alerts.yaml");
  private static final String COMMAND =
      "mvn -q test -Dtest=AlertsTest -Dsurefire.failIfNoSpecifiedTests=false -Dupdate.docs=true";

  @Test
  void shouldHaveTheAlertsOfPrometheus() throws IOException {
    String alerts = Files.readString(Prometheus.FOLDER.resolve("vmoe-alerts.yml"));
    String rule =
        """
        # Generated from ops/prometheus/vmoe-alerts.yml; do not edit.
        apiVersion: monitoring.coreos.com/v1
        kind: PrometheusRule
        metadata:
          name: vmoe
          labels:
            app.kubernetes.io/name: vmoe
        spec:
        """
            + alerts
                .substring(alerts.indexOf("groups:"))
                .lines()
                .map(line -> line.isEmpty() ? "\n" : "  " + line + "\n")
                .collect(Collectors.joining());
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(COPY, rule);
    }

    assertThat(COPY).as("%s is stale; regenerate it with: %s", COPY, COMMAND).hasContent(rule);
    JsonNode copied = new YAMLMapper().readTree(rule).at("/spec/groups");
    assertThat(copied).isNotEmpty().isEqualTo(new YAMLMapper().readTree(alerts).get("groups"));
  }
}
