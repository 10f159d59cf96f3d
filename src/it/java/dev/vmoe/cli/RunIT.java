package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.embedded.EmbeddedKafka;
import dev.vmoe.embedded.EmbeddedRegistry;
import dev.vmoe.metrics.Scrape;
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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code vmoe run} with the bundled model, as a probe and a scraper see it. */
class RunIT {

  private static final Pattern ADDRESS =
      Pattern.compile("live page, metrics and health at (http\\S+/);");

  private final StringWriter err = new StringWriter();
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  @Timeout(180)
  void shouldServeHealthAndMetricsWhileItRuns() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start();
        EmbeddedRegistry registry = EmbeddedRegistry.start()) {
      assertThat(run(kafka, registry, "topics", "create")).isZero();
      String model = "model=" + BundledModels.vmoe();
      String[] command = {"run", "--set", model, "--set", "console.port=0", "--set", "device=cpu"};
      Thread instance = new Thread(() -> run(kafka, registry, command), "run");
      instance.start();
      try {
        URI console = await().atMost(Duration.ofSeconds(60)).until(this::address, at -> at != null);
        await()
            .atMost(Duration.ofSeconds(60))
            .untilAsserted(
                () -> assertThat(get(console, "health/ready").statusCode()).isEqualTo(200));
        assertThat(get(console, "health/live").statusCode()).isEqualTo(200);
        assertThat(get(console, "topology").body()).contains("vmoe.images");
        Scrape scrape = Scrape.of(get(console, "metrics").body());
        assertThat(scrape.value("vmoe_device_info{asked=\"cpu\",device=\"cpu\"}")).isEqualTo(1);
        assertThat(scrape.sum("vmoe_model_info{")).isEqualTo(1);
        assertThat(scrape.value("vmoe_streams_state{state=\"RUNNING\"}")).isEqualTo(1);
        assertThat(scrape.sum("jvm_memory_used_bytes")).isPositive();
        assertThat(scrape.sum("kafka_stream")).isPositive();
      } finally {
        instance.interrupt();
        instance.join();
      }
    }
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

  private int run(EmbeddedKafka kafka, EmbeddedRegistry registry, String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(
        List.of(
            "--set",
            "bootstrap.servers=" + kafka.bootstrapServers(),
            "--set",
            "schema.registry.url=" + registry.url()));
    return VmoeCommand.commandLine(
            new PrintWriter(new StringWriter()), new PrintWriter(err, true), null)
        .execute(arguments.toArray(String[]::new));
  }
}
