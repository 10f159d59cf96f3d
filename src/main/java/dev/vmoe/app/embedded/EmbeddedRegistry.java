package dev.vmoe.app.embedded;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A schema registry (Apicurio) in a child process on the loopback interface, with Confluent's REST
 * interface and backward compatibility; it loses all data when it stops.
 */
public final class EmbeddedRegistry extends EmbeddedServer {

  private static final Duration START_LIMIT = Duration.ofSeconds(90);
  private static final Duration CHECK_EVERY = Duration.ofMillis(100);

  private static final int SHOWN_LINES = 20;

  /** What it logs once it has a port: it chooses a free one itself. */
  private static final Pattern LISTENING = Pattern.compile("Listening on: (http://127.0.0.1:\\d+)");

  private final Process process;
  private final Path log;
  private String url = "";

  private EmbeddedRegistry(Process process, Path log) {
    super("registry");
    this.process = process;
    this.log = log;
    stopAtExit();
  }

  /** Starts the registry that the build unpacked into {@code target/registry}. */
  public static EmbeddedRegistry start() {
    Path home = Path.of(System.getProperty("vmoe.home", "."));
    return start(home.resolve("target").resolve("registry"));
  }

  /** Starts the registry that was unpacked into this directory. */
  public static EmbeddedRegistry start(Path directory) {
    EmbeddedRegistry registry = launch(runner(directory));
    try {
      registry.awaitReady();
      registry.put("/config", "{\"compatibility\": \"BACKWARD\"}");
      return registry;
    } catch (RuntimeException e) {
      registry.close();
      throw e;
    }
  }

  private static Path runner(Path directory) {
    if (Files.isDirectory(directory)) {
      try (Stream<Path> files = Files.list(directory)) {
        List<Path> runners =
            files.filter(file -> file.getFileName().toString().endsWith("-runner.jar")).toList();
        if (!runners.isEmpty()) {
          return runners.get(0);
        }
      } catch (IOException e) {
        throw new UncheckedIOException("cannot read " + directory, e);
      }
    }
    throw new IllegalStateException(
        "no schema registry in %s; `mvn process-resources` puts it there (142 MB from Maven Central). The system property vmoe.home names the project's directory"
            .formatted(directory.toAbsolutePath()));
  }

  private static EmbeddedRegistry launch(Path jar) {
    try {
      Path log = Files.createTempFile("vmoe-registry", ".log");
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Dquarkus.http.host=127.0.0.1",
                  "-Dquarkus.http.port=0",
                  "-jar",
                  jar.toAbsolutePath().toString())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .start();
      return new EmbeddedRegistry(process, log);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start the schema registry " + jar, e);
    }
  }

  private void awaitReady() {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (System.nanoTime() - end < 0) {
      if (!process.isAlive()) {
        throw new IllegalStateException(
            "the schema registry ended with code "
                + process.exitValue()
                + ": "
                + logTail(SHOWN_LINES));
      }
      if (answers()) {
        return;
      }
      try {
        if (process.waitFor(CHECK_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
          continue;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the schema registry was starting", e);
      }
    }
    throw new IllegalStateException(
        "the schema registry did not answer within %s: %s"
            .formatted(START_LIMIT, logTail(SHOWN_LINES)));
  }

  private boolean answers() {
    Matcher listening = LISTENING.matcher(logTail(Integer.MAX_VALUE));
    if (!listening.find()) {
      return false;
    }
    url = listening.group(1) + "/apis/ccompat/v7";
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url + "/subjects"))
              .timeout(Duration.ofSeconds(10))
              .build();
      return client().send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
    } catch (IOException e) {
      return false; // not listening yet
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void put(String path, String json) {
    try {
      HttpRequest request =
          HttpRequest.newBuilder(URI.create(url + path))
              .header("Content-Type", "application/json")
              .timeout(Duration.ofSeconds(30))
              .PUT(HttpRequest.BodyPublishers.ofString(json))
              .build();
      HttpResponse<String> response = client().send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() != 200) {
        throw new IllegalStateException(
            "the schema registry answered PUT %s with %d: %s"
                .formatted(path, response.statusCode(), response.body()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the schema registry did not answer PUT " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while setting up the schema registry", e);
    }
  }

  private static HttpClient client() {
    return HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  }

  private String logTail(int maxLines) {
    try {
      List<String> lines = Files.readAllLines(log);
      return String.join("\n", lines.subList(Math.max(0, lines.size() - maxLines), lines.size()));
    } catch (IOException e) {
      return "(its log " + log + " cannot be read: " + e.getMessage() + ")";
    }
  }

  /** Returns the base address of the REST interface, for {@code schema.registry.url}. */
  public String url() {
    return url;
  }

  @Override
  void stop() {
    process.destroyForcibly(); // it stores nothing, so there is nothing to finish
    try {
      process.waitFor();
      Files.deleteIfExists(log);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete " + log, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
