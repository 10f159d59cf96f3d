package dev.vmoe.app.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConsoleTest {

  private static final String LOOPBACK = "127.0.0.1";

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final Meters meters = new Meters();
  private final PipelineMetrics metrics = new PipelineMetrics(meters, List.of(), 0, List.of());

  private Health health = Health.READY;
  private Optional<String> topology = Optional.empty();

  private final Instance instance =
      new Instance() {
        @Override
        public Health health() {
          return health;
        }

        @Override
        public Optional<String> topology() {
          return topology;
        }
      };

  private final Console console = Console.start(Listening.at(LOOPBACK, 0), meters, instance);

  @AfterEach
  void close() {
    console.close();
    meters.close();
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = request(path);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create(console.address()).resolve(path))
        .timeout(Duration.ofSeconds(10));
  }

  @Test
  void shouldServeWhatWasRecorded() throws Exception {
    metrics.images().read();

    HttpResponse<String> answer = get("/metrics");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValue("text/plain; version=0.0.4; charset=utf-8");
    assertThat(answer.body()).contains("\nvmoe_images_read_total 1.0\n");
  }

  @Test
  void shouldServeOpenMetricsToWhoAsksForIt() throws Exception {
    HttpResponse<String> answer =
        get("/metrics", "Accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5");

    assertThat(answer.headers().firstValue("Content-Type"))
        .hasValue("application/openmetrics-text; version=1.0.0; charset=utf-8");
    assertThat(answer.body()).endsWith("# EOF\n");
  }

  @Test
  void shouldBeLiveBeforeItIsReady() throws Exception {
    health = Health.waitingFor("the model is being loaded");

    assertThat(get("/health/live").statusCode()).isEqualTo(200);
    HttpResponse<String> ready = get("/health/ready");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.headers().firstValue("Content-Type").orElseThrow())
        .startsWith("application/json");
    assertThat(ready.body())
        .contains("\"status\":\"down\"")
        .contains("\"reasons\":[\"the model is being loaded\"]");

    health = Health.READY;
    assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    assertThat(get("/health/ready").body()).contains("\"status\":\"up\"").contains("[]");
  }

  @Test
  void shouldBeNeitherLiveNorReadyAfterAFailure() throws Exception {
    health = Health.failed("the pipeline gave up: no memory");

    for (String probe : List.of("/health/live", "/health/ready")) {
      HttpResponse<String> answer = get(probe);
      assertThat(answer.statusCode()).isEqualTo(503);
      assertThat(answer.body()).contains("the pipeline gave up: no memory");
    }
  }

  @Test
  void shouldShowTheTopologyOnceThereIsOne() throws Exception {
    assertThat(get("/topology").statusCode()).isEqualTo(503);

    topology = Optional.of("Topologies:\n   Sub-topology: 0\n");

    assertThat(get("/topology").statusCode()).isEqualTo(200);
    assertThat(get("/topology").body()).isEqualTo(topology.get());
  }

  @Test
  void shouldServeAPageThatLinksTheOthersAndTakesNothingFromElsewhere() throws Exception {
    HttpResponse<String> page = get("/");

    assertThat(page.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/html");
    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("default-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe");
    for (String other : List.of("/metrics", "/health/live", "/health/ready", "/topology")) {
      assertThat(page.body()).contains("href=\"" + other + "\"");
      assertThat(get(other).statusCode()).isNotEqualTo(404);
    }
    assertThat(page.body()).doesNotContain("http://", "https://", "style=", "onclick");
    Matcher files =
        Pattern.compile("(?:href|src)=\"(/(?:page|uplot)/[^\"]+)\"").matcher(page.body());
    int count = 0;
    for (; files.find(); count++) {
      assertThat(get(files.group(1)).statusCode()).as(files.group(1)).isEqualTo(200);
    }
    assertThat(count).isEqualTo(4);
  }

  @Test
  void shouldTellItsStatusBeforeThereIsAPipeline() throws Exception {
    health = Health.waitingFor("the model is being loaded");
    metrics.images().read();

    HttpResponse<String> answer = get("/api/status");

    assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
    assertThat(answer.body())
        .contains("\"ready\":false", "\"waiting_for\":[\"the model is being loaded\"]")
        .contains("\"configuration\":null", "\"writable\":false");
    assertThat(get("/api/images").statusCode()).isEqualTo(204);
    assertThat(get("/api/config").statusCode()).isEqualTo(503);
  }

  @Test
  void shouldSayWhatThereIsWhereThereIsNoPage() throws Exception {
    HttpResponse<String> answer = get("/metricz");

    assertThat(answer.statusCode()).isEqualTo(404);
    assertThat(answer.body())
        .isEqualTo(
            "no page /metricz; there are /, /api/config, /api/images, /api/status, /health/live,"
                + " /health/ready, /metrics, /topology\n");
  }

  @Test
  void shouldOnlyBeRead() throws Exception {
    HttpResponse<String> answer =
        client.send(
            request("/metrics").POST(BodyPublishers.ofString("x")).build(),
            BodyHandlers.ofString());

    assertThat(answer.statusCode()).isEqualTo(405);
    assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD");
    assertThat(answer.body()).isEqualTo("POST /metrics: pages can only be read, with GET\n");
  }

  @Test
  void shouldSayThatThePortIsTaken() throws IOException {
    try (ServerSocket taken = new ServerSocket()) {
      taken.bind(new java.net.InetSocketAddress(LOOPBACK, 0));
      int port = taken.getLocalPort();

      assertThatIllegalArgumentException()
          .isThrownBy(() -> Console.start(Listening.at(LOOPBACK, port), meters, instance))
          .withMessage(
              "cannot listen at 127.0.0.1:%d: the port is in use; 0 takes any free port", port);
    }
  }

  @Test
  void shouldSayThatThereIsNoSuchAddress() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Console.start(Listening.at("no.such.host.invalid", 0), meters, instance))
        .withMessageContaining("cannot listen at no.such.host.invalid:0");
  }
}
