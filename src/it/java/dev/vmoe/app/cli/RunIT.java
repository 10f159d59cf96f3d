package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.metrics.Scrape;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code vmoe run} with the bundled model, observed over its console. */
class RunIT {

  private static final Pattern ADDRESS =
      Pattern.compile("live page, metrics and health at (http\\S+/);");

  private final StringWriter err = new StringWriter();
  private final StringWriter out = new StringWriter();
  private final HttpClient client = HttpClient.newHttpClient();

  /** Names the topics and the application of one test. */
  private final String name = "run" + UUID.randomUUID().toString().substring(0, 8);

  @Test
  @Timeout(180)
  void shouldServeHealthAndMetricsWhileItRuns() throws Exception {
    assertThat(run("topics", "create")).isZero();
    String model = "model=" + BundledModels.vmoe();
    String[] command = {
      "run",
      "--set",
      model,
      "--set",
      "console.port=0",
      "--set",
      "device=cpu",
      "--set",
      "cost.survey.ms=500"
    };
    whileRunning(
        command,
        console -> {
          assertThat(get(console, "health/live").statusCode()).isEqualTo(200);
          assertThat(get(console, "topology").body()).contains(name + ".images");
          Scrape scrape = Scrape.of(get(console, "metrics").body());
          assertThat(scrape.sum("vmoe_device_info{asked=\"cpu\",device=\"cpu\",runs=\""))
              .isEqualTo(1);
          assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
          assertThat(scrape.value("vmoe_streams_state{state=\"RUNNING\"}")).isEqualTo(1);
          assertThat(scrape.sum("jvm_memory_used_bytes")).isPositive();
          assertThat(scrape.sum("kafka_stream")).isPositive();
        });
  }

  @Test
  @Timeout(240)
  void shouldChangeTheModelByItsNameWhileItRunsAndStartWithThatAgain() throws Exception {
    assertThat(run("topics", "create")).isZero();
    String[] command = {
      "run", "--set", "model=vmoe-bpr", "--set", "console.port=0", "--set", "cost.survey.ms=0"
    };
    whileRunning(
        command,
        console -> {
          assertThat(models(console)).contains("model=\"characters-vmoe-bpr");
          assertThat(run("config", "set", "model=dense")).isZero();
          await()
              .atMost(Duration.ofSeconds(60))
              .untilAsserted(() -> assertThat(models(console)).contains("dense"));
          assertThat(get(console, "metrics").body()).doesNotContain("vmoe_expert_choices");
          for (String bad : List.of("model=none", "model=../vmoe-bpr", "model=/etc/passwd")) {
            assertThat(run("config", "set", bad)).isEqualTo(VmoeCommand.USAGE);
          }
          assertThat(err.toString())
              .contains("no model 'none' in", "'../vmoe-bpr' is no model's name")
              .containsPattern("there are: dense, (dense-3, )?vmoe-bpr");
        });
    whileRunning(command, console -> assertThat(models(console)).contains("dense"));
  }

  /** What is checked of an instance. */
  @FunctionalInterface
  private interface Check {
    void of(URI console) throws Exception;
  }

  private void whileRunning(String[] command, Check check) throws Exception {
    err.getBuffer().setLength(0);
    Thread instance = new Thread(() -> run(command), "run");
    instance.start();
    try {
      URI console = await().atMost(Duration.ofSeconds(60)).until(this::address, at -> at != null);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(
              () -> assertThat(get(console, "health/ready").statusCode()).isEqualTo(200));
      check.of(console);
    } finally {
      instance.interrupt();
      instance.join();
    }
  }

  private String models(URI console) throws Exception {
    return get(console, "metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith("vmoe_model_info{"))
        .collect(Collectors.joining());
  }

  private URI address() {
    Matcher found = ADDRESS.matcher(err.toString());
    return found.find() ? URI.create(found.group(1)) : null;
  }

  private HttpResponse<String> get(URI console, String page) throws Exception {
    return client.send(
        HttpRequest.newBuilder(console.resolve(page)).timeout(Duration.ofSeconds(10)).build(),
        BodyHandlers.ofString());
  }

  private int run(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(
        List.of(
            "--set",
            "bootstrap.servers=" + SharedServers.kafka().bootstrapServers(),
            "--set",
            "schema.registry.url=" + SharedServers.registry().url(),
            "--set",
            "topic.prefix=" + name + ".",
            "--set",
            "application.id=" + name));
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments.toArray(String[]::new));
  }
}
