package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.app.demo.NextStep;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code vmoe demo}, as a newcomer starts it. */
@Timeout(180)
class DemoIT {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;

  @Test
  void shouldAnswerEveryImageAndSumUp() throws Exception {
    Path file = folder.resolve("demo.json");

    assertThat(
            run(
                "demo",
                "--images",
                "600",
                "--capacity-ratio",
                "0.75",
                "--routing",
                "vanilla",
                "--json",
                file.toString()))
        .isZero();

    JsonNode summary = new ObjectMapper().readTree(file.toFile());
    assertThat(summary.get("images").asInt()).isEqualTo(600);
    assertThat(summary.get("predictions").asInt()).isEqualTo(600);
    assertThat(summary.get("dead_letters").asInt()).isZero();
    assertThat(summary.get("duplicates").asInt()).isZero();
    // the same images at the same setting without Kafka, in other batches
    Path offline = folder.resolve("offline.json");
    assertThat(
            run(
                "lab",
                "evaluate",
                "--limit",
                "600",
                "--ratios",
                "0.75",
                "--experts-per-token",
                "2",
                "--routing",
                "vanilla",
                "--batch",
                "32",
                "--json",
                offline.toString()))
        .isZero();
    double accuracy =
        new ObjectMapper().readTree(offline.toFile()).at("/rows/1/accuracy").asDouble();
    assertThat(accuracy).isGreaterThan(0.9);
    // Vanilla routing drops by the place in the batch, which differs here.
    assertThat(summary.get("accuracy").asDouble()).isCloseTo(accuracy, within(0.025));
    assertThat(summary.get("images_per_second").asDouble()).isPositive();
    assertThat(summary.get("latency_ms").get("p50").asDouble())
        .isPositive()
        .isLessThanOrEqualTo(summary.get("latency_ms").get("p99").asDouble());
    assertThat(summary.get("batch_size").get("max").asInt()).isEqualTo(32);
    assertThat(summary.get("batch_size").get("mean").asDouble()).isBetween(1.0, 32.0);
    assertThat(summary.get("capacity_ratio").asDouble()).isEqualTo(0.75);
    assertThat(summary.get("effective_capacity_ratio").asDouble()).isCloseTo(0.75, within(0.1));
    assertThat(summary.get("experts_per_token").asInt()).isEqualTo(2);
    assertThat(summary.get("routing").asText()).isEqualTo("vanilla");
    assertThat(summary.get("utilization_events").asInt()).isPositive();
    assertThat(summary.get("utilization_images").asInt()).isEqualTo(600);
    assertThat(summary.get("assigned")).hasSize(2).allMatch(layer -> sum(layer) == 600 * 36 * 2);
    for (int layer = 0; layer < 2; layer++) {
      assertThat(sum(summary.get("dispatched").get(layer)))
          .isPositive()
          .isLessThan(sum(summary.get("assigned").get(layer)));
    }
    assertThat(out.toString())
        .contains("600 images: 600 predictions, 0 dead letters", "accuracy", "p99", "dropped");
    assertNextStepsWork();
  }

  /** Runs what the demo says to do next, but for its first step, which does not end by itself. */
  private void assertNextStepsWork() throws Exception {
    List<List<String>> next = new ArrayList<>();
    for (String line : out.toString().lines().filter(it -> it.startsWith("  vmoe ")).toList()) {
      next.add(words(line));
    }
    assertThat(next).hasSize(3);
    assertThat(next.get(0)).isEqualTo(NextStep.all().get(0).arguments());
    out.getBuffer().setLength(0);
    for (List<String> step : next.subList(1, next.size())) {
      assertThat(run(step.toArray(String[]::new))).as("%s: %s", step, err).isZero();
    }
    assertThat(out.toString()).contains("杭", " models in ");
  }

  /** Returns the arguments of {@code vmoe} when a shell runs a line. */
  private static List<String> words(String line) throws Exception {
    Process shell =
        new ProcessBuilder("sh", "-c", "vmoe() { printf '%s\\n' \"$@\"; }; " + line)
            .redirectErrorStream(true)
            .start();
    String words = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(shell.waitFor()).as("%s", words).isZero();
    return words.lines().toList();
  }

  private static long sum(JsonNode numbers) {
    long sum = 0;
    for (JsonNode number : numbers) {
      sum += number.asLong();
    }
    return sum;
  }

  private int run(String... arguments) {
    return VmoeCommand.commandLine(new PrintWriter(out), new PrintWriter(err), null)
        .execute(arguments);
  }
}
