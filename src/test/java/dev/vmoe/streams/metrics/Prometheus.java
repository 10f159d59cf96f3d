package dev.vmoe.streams.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A real Prometheus, as Debian's package has it, on a free port of loopback; and its {@code
 * promtool}. Where there is none, tests are skipped and say so, unless {@code REQUIRE_PROMETHEUS}
 * is set.
 */
public final class Prometheus implements AutoCloseable {

  /** The configuration, the alerts and their tests. */
  public static final Path FOLDER =
      Path.of(System.getProperty("vmoe.home", ".")).resolve("ops/prometheus").toAbsolutePath();

  private static final String REQUIRED = "REQUIRE_PROMETHEUS";
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();
  private final Process process;
  private final URI address;
  private final Path log;

  private Prometheus(Process process, URI address, Path log) {
    this.process = process;
    this.address = address;
    this.log = log;
  }

  /**
   * Starts a server and waits until it is ready.
   *
   * @param config its configuration file
   * @param folder for its data and its log
   */
  public static Prometheus start(Path config, Path folder) throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    Path log = folder.resolve("prometheus.log");
    Process process =
        new ProcessBuilder(
                binary("prometheus"),
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    Prometheus prometheus =
        new Prometheus(process, URI.create("http://127.0.0.1:" + port + "/"), log);
    try {
      await().atMost(LIMIT).until(prometheus::ready);
    } catch (RuntimeException e) {
      prometheus.close();
      throw e;
    }
    return prometheus;
  }

  private boolean ready() throws IOException, InterruptedException {
    assertThat(process.isAlive()).as(() -> "Prometheus runs: " + log()).isTrue();
    try {
      return send("-/ready").statusCode() == 200;
    } catch (java.net.ConnectException e) {
      return false;
    }
  }

  private String log() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** Runs {@code promtool} in the folder of the configuration; returns what it says. */
  public static String promtool(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(binary("promtool"));
    command.addAll(List.of(arguments));
    Process process =
        new ProcessBuilder(command).directory(FOLDER.toFile()).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(() -> command + " says\n" + said).isZero();
    return said;
  }

  /** Returns a program of Debian's package, or skips the test. */
  private static String binary(String name) {
    String path =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(folder -> Path.of(folder, name))
            .filter(Files::isExecutable)
            .map(Path::toString)
            .findFirst()
            .orElse("");
    String message =
        "SKIPPED: no "
            + name
            + " in PATH, so dashboards and alerts were not run against a real Prometheus; install"
            + " Debian's package prometheus";
    if (path.isEmpty()) {
      assertThat(System.getenv(REQUIRED)).as("%s is set, but %s", REQUIRED, message).isNull();
      System.err.println(message);
    }
    assumeTrue(!path.isEmpty(), message);
    return path;
  }

  /** Returns the result of a query, as of now; fails if it does not parse. */
  public JsonNode query(String expression) throws IOException, InterruptedException {
    return get("query", Map.of("query", expression)).get("result");
  }

  /** Returns the result of a query for each second of a span; fails if it does not parse. */
  public JsonNode query(String expression, Instant from, Instant to)
      throws IOException, InterruptedException {
    Map<String, String> parameters =
        Map.of("query", expression, "start", from.toString(), "end", to.toString(), "step", "1");
    return get("query_range", parameters).get("result");
  }

  /** Returns the data of an answer of the HTTP API. */
  public JsonNode get(String endpoint, Map<String, String> parameters)
      throws IOException, InterruptedException {
    String query =
        parameters.entrySet().stream()
            .map(
                parameter ->
                    URLEncoder.encode(parameter.getKey(), StandardCharsets.UTF_8)
                        + "="
                        + URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpResponse<String> response = send("api/v1/" + endpoint + "?" + query);
    assertThat(response.statusCode()).as("%s: %s", parameters, response.body()).isEqualTo(200);
    return json.readTree(response.body()).get("data");
  }

  private HttpResponse<String> send(String page) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(address.resolve(page)).timeout(LIMIT).build(),
        BodyHandlers.ofString());
  }

  @Override
  public void close() {
    process.destroy();
    boolean interrupted = false;
    try {
      if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
