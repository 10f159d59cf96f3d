package dev.vmoe.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.kubernetes.Deployments.Deployed;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.Prometheus;
import dev.vmoe.streams.topics.TopicPlan;
import io.fabric8.kubernetes.api.model.apps.Deployment;
import io.fabric8.kubernetes.api.model.networking.v1.NetworkPolicy;
import io.fabric8.openshift.api.model.monitoring.v1.ServiceMonitor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The autoscaler's bounds, and what its query says of loads; asked of Prometheus' own evaluation.
 */
class ScalingTest {

  private static final String ARRIVALS = "vmoe_arrivals_per_second";
  private static final String BACKLOG = "vmoe_backlog_images";
  private static final String ATTAINABLE = "vmoe_attainable_images_per_second";
  private static final int SAMPLES = 20;
  private static final double UNKNOWN = Double.NaN;

  @TempDir private Path folder;

  static List<Deployed> scaled() throws IOException, InterruptedException {
    List<Deployed> all = Deployments.all();
    assertThat(all)
        .filteredOn(deployed -> deployed.name().endsWith("keda"))
        .hasSizeGreaterThan(1)
        .allMatch(deployed -> deployed.has(ScaledObject.class));
    return all.stream().filter(deployed -> deployed.has(ScaledObject.class)).toList();
  }

  @ParameterizedTest
  @MethodSource("scaled")
  void shouldStartNoMoreInstancesThanThereArePartitions(Deployed deployed) {
    ScaledObject.Spec spec = deployed.manifests().the(ScaledObject.class).spec();
    int partitions = TopicPlan.load().topic("images").partitions();
    assertThat(spec.maxReplicaCount()).isLessThanOrEqualTo(partitions);
    // without an instance there is no metric that would start one
    assertThat(spec.minReplicaCount()).isBetween(1, spec.maxReplicaCount());
    assertThat(spec.idleReplicaCount()).isNull();
    assertThat(spec.fallback().replicas())
        .isBetween(spec.minReplicaCount(), spec.maxReplicaCount());
    assertThat(spec.fallback().behavior())
        .as("stops none that is busy while Prometheus is away")
        .isEqualTo("currentReplicasIfHigher");
  }

  @Test
  void shouldStartNoMoreInstancesThanThereArePartitionsWithoutAnAutoscaler() throws Exception {
    int partitions = TopicPlan.load().topic("images").partitions();
    for (Deployed deployed : Deployments.all()) {
      if (!deployed.has(ScaledObject.class)) {
        assertThat(deployed.manifests().the(Deployment.class).getSpec().getReplicas())
            .isBetween(1, partitions);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("scaled")
  void shouldScaleTheDeploymentThatLeavesItsReplicasOpen(Deployed deployed) {
    ScaledObject scaled = deployed.manifests().the(ScaledObject.class);
    Deployment deployment = deployed.manifests().the(Deployment.class);
    assertThat(scaled.spec().scaleTargetRef().name()).isEqualTo(deployment.getMetadata().getName());
    assertThat(scaled.metadata().getNamespace()).isEqualTo(deployment.getMetadata().getNamespace());
    assertThat(deployment.getSpec().getReplicas()).isNull();
    assertThat(deployed.has(ServiceMonitor.class)).as("somebody scrapes").isTrue();
  }

  @ParameterizedTest
  @MethodSource("scaled")
  void shouldGoUpFasterThanDown(Deployed deployed) {
    var behavior =
        deployed
            .manifests()
            .the(ScaledObject.class)
            .spec()
            .advanced()
            .horizontalPodAutoscalerConfig()
            .behavior();
    assertThat(behavior.getScaleDown().getStabilizationWindowSeconds())
        .isGreaterThan(behavior.getScaleUp().getStabilizationWindowSeconds());
    int grace =
        deployed.manifests().pipeline().spec().getTerminationGracePeriodSeconds().intValue();
    assertThat(behavior.getScaleDown().getPolicies())
        .singleElement()
        .satisfies(
            policy -> {
              assertThat(policy.getValue()).isEqualTo(1);
              assertThat(policy.getPeriodSeconds())
                  .as("the one before has gone")
                  .isGreaterThan(grace);
            });
  }

  @ParameterizedTest
  @MethodSource("scaled")
  void shouldAskForMetricsThatThereAreOfItsOwnNamespace(Deployed deployed) {
    String query = trigger(deployed).metadata().get("query");
    Set<String> known =
        Arrays.stream(Metric.values())
            .map(Metric::id)
            .collect(Collectors.toCollection(TreeSet::new));
    String selector =
        "{job=\"vmoe\", namespace=\"%s\""
            .formatted(deployed.manifests().the(ScaledObject.class).metadata().getNamespace());
    List<String> asked =
        Pattern.compile("(vmoe_\\w+)(\\{[^}]*)")
            .matcher(query)
            .results()
            .map(r -> r.group())
            .toList();
    assertThat(asked).hasSize(5).allMatch(part -> part.contains(selector));
    assertThat(asked.stream().map(part -> part.substring(0, part.indexOf('{')))).isSubsetOf(known);
    // KEDA would take "nothing is known" for "nothing to do"
    assertThat(trigger(deployed).metadata()).containsEntry("ignoreNullValues", "false");
    assertThat(trigger(deployed).metricType())
        .as("fallback works with it alone")
        .isEqualTo("AverageValue");
    assertThat(trigger(deployed).metadata().keySet())
        .isSubsetOf("serverAddress", "query", "threshold", "ignoreNullValues");
    var prometheus =
        deployed.manifests().the(NetworkPolicy.class).getSpec().getIngress().get(0).getFrom();
    assertThat(trigger(deployed).metadata().get("serverAddress"))
        .as("of the namespace that may scrape")
        .contains(
            ".%s.svc:"
                .formatted(
                    prometheus
                        .get(0)
                        .getNamespaceSelector()
                        .getMatchLabels()
                        .get("kubernetes.io/metadata.name")));
  }

  /**
   * What instances report, and how many there should be.
   *
   * @param instances arrivals, backlog and attainable images a second of each
   * @param load instances busy at the best point; null for no result
   */
  private record Case(String name, double[][] instances, Double load, Integer replicas) {}

  private static Case of(String name, Double load, Integer replicas, double[]... instances) {
    return new Case(name, instances, load, replicas);
  }

  private static double[] instance(double arrivals, double backlog, double attainable) {
    return new double[] {arrivals, backlog, attainable};
  }

  @Test
  void shouldCountTheInstancesThatTheBestOperatingPointWants() throws Exception {
    List<Case> cases =
        List.of(
            of("idle", 0.0, 2, instance(0, 0, 64), instance(0, 0, 64)),
            of("a load that two can take", 1.5, 2, instance(48, 0, 64), instance(48, 0, 64)),
            of("one that low capacity hides", 4.0, 5, instance(128, 0, 64), instance(128, 0, 64)),
            of(
                "the same load on more instances",
                4.0,
                5,
                instance(64, 0, 64),
                instance(64, 0, 64),
                instance(64, 0, 64),
                instance(64, 0, 64)),
            of("a backlog", 3.0, 4, instance(0, 15_360, 64), instance(0, 7_680, 64)),
            of("more than there are partitions for", 16.0, 6, instance(1_024, 0, 64)),
            of(
                "an instance that has just started",
                2.0,
                3,
                instance(128, 0, 64),
                instance(UNKNOWN, UNKNOWN, UNKNOWN)),
            of("instances of different speed", 2.0, 3, instance(64, 0, 32), instance(128, 0, 160)),
            of("none that has run a batch, nothing to do", 0.0, 2, instance(0, 0, UNKNOWN)),
            of("none that has run a batch, something to do", null, null, instance(8, 4, UNKNOWN)),
            of("a backlog that cannot be read", null, null, instance(8, UNKNOWN, 64)),
            of("no instance", null, null));

    ScaledObject scaled = Manifests.read(Kustomize.overlay("keda")).the(ScaledObject.class);
    ScaledObject.Trigger trigger = scaled.spec().triggers().get(0);
    double threshold = Double.parseDouble(trigger.metadata().get("threshold"));
    List<Map<String, Object>> tests = new ArrayList<>();
    for (Case one : cases) {
      tests.add(test(one, trigger.metadata().get("query")));
      if (one.load() != null) {
        long wanted = (long) Math.ceil(one.load() / threshold);
        assertThat(
                Math.max(
                    scaled.spec().minReplicaCount(),
                    Math.min(scaled.spec().maxReplicaCount(), wanted)))
            .as(one.name())
            .isEqualTo((long) one.replicas());
      }
    }
    Path file = folder.resolve("scaling.yml");
    new ObjectMapper().writeValue(file.toFile(), Map.of("tests", tests));

    assertThat(Prometheus.promtool("test", "rules", file.toString())).contains("SUCCESS");
  }

  /** A test for promtool; another namespace has a load of its own, which must not count. */
  private static Map<String, Object> test(Case one, String query) {
    List<Map<String, String>> series = new ArrayList<>();
    for (int i = 0; i < one.instances().length; i++) {
      double[] values = one.instances()[i];
      String labels = "{job=\"vmoe\", namespace=\"vmoe\", instance=\"vmoe-%d\"".formatted(i);
      series.add(series(ARRIVALS + labels + "}", values[0]));
      series.add(series(BACKLOG + labels + "}", values[1]));
      series.add(series(ATTAINABLE + labels + ", point=\"best\"}", values[2]));
      series.add(series(ATTAINABLE + labels + ", point=\"fastest\"}", 4 * values[2]));
    }
    String other = "{job=\"vmoe\", namespace=\"other\", instance=\"vmoe-0\"";
    series.add(series(ARRIVALS + other + "}", 512));
    series.add(series(BACKLOG + other + "}", 512));
    series.add(series(ATTAINABLE + other + ", point=\"best\"}", 512));
    List<Map<String, Object>> expected =
        Stream.ofNullable(one.load())
            .map(load -> Map.<String, Object>of("labels", "{}", "value", load))
            .toList();
    return Map.of(
        "name",
        one.name(),
        "interval",
        "15s",
        "input_series",
        series,
        "promql_expr_test",
        List.of(Map.of("expr", query, "eval_time", "4m", "exp_samples", expected)));
  }

  private static Map<String, String> series(String name, double value) {
    return Map.of("series", name, "values", (value + " ").repeat(SAMPLES).strip());
  }

  private static ScaledObject.Trigger trigger(Deployed deployed) {
    List<ScaledObject.Trigger> triggers =
        deployed.manifests().the(ScaledObject.class).spec().triggers();
    assertThat(triggers).hasSize(1);
    return triggers.get(0);
  }
}
