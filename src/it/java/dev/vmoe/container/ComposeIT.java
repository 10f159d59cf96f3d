package dev.vmoe.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.event.Prediction;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * {@code docker compose up} with the sample producer, on free ports. Compose's variable {@code
 * COMPOSE_FILE} may add a file that names other images.
 */
class ComposeIT {

  private static final Duration LIMIT = Duration.ofSeconds(180);

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Map<String, String> environment = new HashMap<>();
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  @Timeout(500)
  void shouldAnswerSampleImagesAndBeScraped() throws Exception {
    Docker.requireImage("docker-compose.yml was not run");
    environment.put("COMPOSE_PROJECT_NAME", "vmoe-" + UUID.randomUUID().toString().substring(0, 8));
    for (String port : List.of("KAFKA", "REGISTRY", "CONSOLE", "PROMETHEUS", "GRAFANA")) {
      environment.put(port + "_PORT", freePort());
    }
    environment.put("SAMPLE_RATE", "40");
    environment.put("GRAFANA_ADMIN_PASSWORD", UUID.randomUUID().toString());
    try {
      compose("--profile", "demo", "up", "--detach", "--no-build", "--wait");
      assertHardened();
      try (Predictions predictions =
          new Predictions(
              "localhost:" + environment.get("KAFKA_PORT"),
              "http://localhost:" + environment.get("REGISTRY_PORT") + "/apis/ccompat/v7")) {
        await().atMost(LIMIT).until(() -> predictions.poll().size() >= 200);
        List<Prediction> answers = predictions.poll();
        assertThat(predictions.times().values()).containsOnly(1);
        assertThat(answers.stream().filter(p -> p.getTop().get(0).getLabel().equals(p.getLabel())))
            .hasSizeGreaterThan(answers.size() * 4 / 5);
      }
      await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(sum("vmoe_images_answered_total")).isGreaterThan(100));
      assertThat(sum("up{job=\"vmoe\"}")).isEqualTo(1);
      assertThat(sum("vmoe_images_dead_lettered_total")).isZero();
      // the live page, on this machine alone
      assertThat(get("CONSOLE_PORT", "").body()).contains("<html");
    } catch (AssertionError | RuntimeException e) {
      System.err.println(compose("logs", "--tail", "60"));
      throw e;
    } finally {
      compose("--profile", "demo", "down", "--volumes", "--timeout", "20");
    }
  }

  @Test
  void shouldRefuseToStartGrafanaWithoutAPassword() throws Exception {
    Docker.requireImage("Grafana's start was not tried without a password");
    JsonNode entrypoint =
        JSON.readTree(compose("-f", "docker-compose.yml", "config", "--format", "json"))
            .at("/services/grafana/entrypoint");
    // Compose doubles characters that it would replace
    String script = entrypoint.get(2).asText().replace("$$", "$");
    Docker.Outcome outcome =
        Docker.call(Map.of(), "run", "--rm", "--entrypoint", "/bin/sh", Docker.VMOE, "-c", script);
    assertThat(outcome.code()).isEqualTo(1);
    assertThat(outcome.said()).contains("GRAFANA_ADMIN_PASSWORD is not set");
  }

  @Test
  void shouldPublishOnLoopbackOnlyAndHoldNoSecret() throws Exception {
    Docker.require("docker-compose.yml and its GPU variant were not read by Compose");
    for (List<String> files :
        List.of(
            List.of("-f", "docker-compose.yml"),
            List.of("-f", "docker-compose.yml", "-f", "ops/docker/gpu.yml"))) {
      List<String> arguments = new ArrayList<>(files);
      arguments.addAll(List.of("--profile", "demo", "config", "--format", "json"));
      JsonNode services = JSON.readTree(compose(arguments.toArray(String[]::new))).get("services");
      assertThat(services.fieldNames())
          .toIterable()
          .contains(
              "controller",
              "kafka",
              "registry",
              "topics",
              "pipeline",
              "producer",
              "prometheus",
              "grafana");
      assertThat(services.findValues("host_ip").stream().map(JsonNode::asText))
          .hasSize(5)
          .containsOnly("127.0.0.1");
      services.forEach(
          service ->
              service
                  .path("environment")
                  .fields()
                  .forEachRemaining(
                      variable -> {
                        if (variable.getKey().matches(".*(PASSWORD|SECRET|TOKEN).*")) {
                          assertThat(variable.getValue().asText()).isEmpty();
                        }
                      }));
    }
  }

  /** Our containers write only to their volumes and /tmp, and have no special rights. */
  private void assertHardened() throws Exception {
    for (String service : List.of("pipeline", "producer")) {
      String id = compose("--profile", "demo", "ps", "--quiet", service).strip();
      JsonNode inspected = JSON.readTree(Docker.run("inspect", id)).get(0);
      JsonNode host = inspected.get("HostConfig");
      assertThat(host.get("ReadonlyRootfs").asBoolean()).isTrue();
      assertThat(host.get("CapDrop").toString()).isEqualTo("[\"ALL\"]");
      assertThat(host.get("SecurityOpt").toString()).contains("no-new-privileges");
      assertThat(inspected.at("/Config/User").asText()).isEqualTo("10001:10001");
    }
  }

  private double sum(String query) throws Exception {
    HttpResponse<String> answer =
        get(
            "PROMETHEUS_PORT",
            "api/v1/query?query="
                + URLEncoder.encode("sum(" + query + ")", StandardCharsets.UTF_8));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    JsonNode result = JSON.readTree(answer.body()).at("/data/result");
    return result.isEmpty() ? 0 : result.at("/0/value/1").asDouble();
  }

  private HttpResponse<String> get(String port, String page) throws Exception {
    URI address = URI.create("http://localhost:" + environment.get(port) + "/" + page);
    return client.send(
        HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(20)).build(),
        BodyHandlers.ofString());
  }

  private String compose(String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("compose"));
    all.addAll(List.of(arguments));
    return Docker.run(environment, all.toArray(String[]::new));
  }

  private static String freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return Integer.toString(socket.getLocalPort());
    }
  }
}
