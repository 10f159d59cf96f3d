package dev.vmoe.lab.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The benchmark, small: what it writes, not what it finds. */
@Tag("soak")
@Timeout(600)
class BenchOverloadIT extends CommandTest {

  @Test
  void shouldShowEveryTraceToThePoliciesAndWriteAllFiles() throws Exception {
    assertThat(
            bench(
                "--traces",
                "elastic,overload,slowdown",
                "--phase-seconds",
                "1",
                "--policies",
                "fixed_full,fixed_low,adaptive_expire"))
        .isZero();

    JsonNode result = new ObjectMapper().readTree(folder.resolve("result.json").toFile());
    assertThat(result.get("target_latency_ms").asInt()).isEqualTo(1000);
    assertThat(names(result.get("traces"))).containsExactly("elastic", "overload", "slowdown");
    for (JsonNode trace : result.get("traces")) {
      assertThat(names(trace.get("policies")))
          .contains("fixed_full", "fixed_low", "adaptive_expire");
      for (JsonNode policy : trace.get("policies")) {
        assertThat(names(policy))
            .contains(
                "slo_violation_ratio",
                "effective_accuracy",
                "accuracy_all",
                "p50_ms",
                "p99_ms",
                "mean_capacity_ratio",
                "lost");
        assertThat(policy.get("lost").asInt()).isZero();
        assertThat(policy.get("p50_ms").asDouble()).isPositive();
      }
    }
    JsonNode slowedDown = result.at("/traces/slowdown/policies");
    assertThat(names(slowedDown)).doesNotContain("clairvoyant");
    assertThat(slowedDown.at("/fixed_low/slowdown/late_for_seconds").isNumber()).isTrue();
    JsonNode elastic = result.at("/traces/elastic/policies");
    assertThat(names(elastic)).contains("clairvoyant");
    assertThat(elastic.at("/fixed_full/mean_capacity_ratio").asDouble())
        .isCloseTo(1.05, within(1e-9));
    assertThat(elastic.at("/fixed_low/mean_capacity_ratio").asDouble())
        .isCloseTo(0.15, within(1e-9));
    assertThat(elastic.at("/fixed_full/images").asInt())
        .isEqualTo(elastic.at("/fixed_low/images").asInt());
    for (String trace : List.of("elastic", "overload", "slowdown")) {
      assertThat(folder.resolve("timeline-" + trace + ".csv")).isNotEmptyFile();
      assertThat(folder.resolve("arrivals-" + trace + ".txt")).isNotEmptyFile();
    }
    assertThat(Files.readAllLines(folder.resolve("summary.csv"))).hasSize(3 * elastic.size());
    assertThat(out.toString()).contains("elastic:", "overload:", "0 lost", "violations");
  }

  @Test
  void shouldReplayATraceOfOnesOwnToModelsBesideEachOther() throws Exception {
    Path trace = Files.writeString(folder.resolve("mine.txt"), "0\n0.1\n0.1\n0.5\n1\n");

    assertThat(
            bench(
                "--trace",
                trace.toString(),
                "--beside",
                "dense,dense-int8,int8",
                "--policies",
                "fixed_low,fixed_dense,switching,adaptive_all"))
        .isZero();

    JsonNode result = new ObjectMapper().readTree(folder.resolve("result.json").toFile());
    assertThat(result.get("models")).hasSize(4);
    assertThat(result.at("/models/3").asText()).endsWith("-int8");
    assertThat(names(result.get("traces"))).containsExactly("trace");
    JsonNode policies = result.at("/traces/trace/policies");
    assertThat(names(policies))
        .containsExactly(
            "fixed_low",
            "fixed_dense",
            "switching",
            "adaptive_all",
            "clairvoyant_alone",
            "clairvoyant");
    assertThat(policies.at("/fixed_low/images").asInt()).isEqualTo(5);
    for (String policy : List.of("fixed_low", "fixed_dense", "switching", "adaptive_all")) {
      assertThat(policies.get(policy).get("lost").asInt()).isZero();
    }
    String dense = result.at("/models/1").asText();
    String other = result.at("/models/2").asText();
    assertThat(policies.at("/fixed_dense/by_model").get(dense).asDouble()).isEqualTo(1);
    JsonNode switching = policies.at("/switching/by_model");
    assertThat(switching.get(dense).asDouble() + switching.get(other).asDouble())
        .isCloseTo(1, within(1e-9));
    assertThat(policies.get("clairvoyant").has("by_model")).isFalse();
    assertThat(result.get("clairvoyant_choices")).isNotEmpty();
    for (JsonNode choice : result.get("clairvoyant_alone_choices")) {
      assertThat(choice.at("/point/model").asInt()).isZero();
    }
  }

  private static List<String> names(JsonNode node) {
    List<String> names = new ArrayList<>();
    node.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private int bench(String... arguments) {
    List<String> all =
        new ArrayList<>(List.of("bench", "overload", "--warm-up", "0", "--limit", "200"));
    all.addAll(List.of("--rate-seconds", "2", "--out", folder.toString()));
    all.addAll(List.of("--json", folder.resolve("result.json").toString()));
    all.addAll(List.of(arguments));
    int status = run(all.toArray(String[]::new));
    assertThat(err.toString()).doesNotContain("vmoe: ");
    return status;
  }
}
