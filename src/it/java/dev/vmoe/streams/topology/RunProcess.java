package dev.vmoe.streams.topology;

import dev.vmoe.ChildCommand;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.streams.metrics.Scrape;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code vmoe run} with the bundled model in a process of its own, its log and its console. */
final class RunProcess implements AutoCloseable {

  private static final Pattern CONSOLE = Pattern.compile("console at (http\\S+/?): ");

  private final Process process;
  private final Path log;
  private final HttpClient client = HttpClient.newHttpClient();

  private RunProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts an instance.
   *
   * @param folder for its log, and for what the JVM says of a crash
   * @param first folder of classes that come before all others; null for none
   */
  static RunProcess start(
      Path folder, @Nullable Path first, Workbench workbench, Map<String, ?> settings)
      throws IOException {
    Files.createDirectories(folder);
    Path log = folder.resolve("log");
    List<String> command =
        ChildCommand.of(
            VmoeCommand.class,
            "-Xmx384m",
            "-XX:ErrorFile=" + folder.resolve("crash"),
            "-Dvmoe.home=" + System.getProperty("vmoe.home"),
            "-Dlogback.configurationFile=logback.xml"); // not that of the tests
    if (first != null) {
      int classPath = command.indexOf("-cp") + 1;
      command.set(classPath, first + File.pathSeparator + command.get(classPath));
    }
    command.add("run");
    Map<String, Object> all = new HashMap<>(workbench.properties(Map.of()));
    all.putAll(
        Map.of(
            "model", BundledModels.vmoe(),
            "device", "cpu",
            "console.port", 0,
            "cost.survey.ms", 0,
            "inference.runs", 1));
    all.putAll(settings);
    all.forEach((key, value) -> command.add("--set=" + key + "=" + value));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1"); // as the launcher does
    return new RunProcess(builder.start(), log);
  }

  /** Returns the process, which the caller may stop and wait for. */
  Process process() {
    return process;
  }

  /** Returns all that it has written. */
  String log() throws IOException {
    return new String(Files.readAllBytes(log), StandardCharsets.UTF_8); // also half a character
  }

  /** Returns the status of a page of its console; 0 where there is no answer. */
  int status(String page) throws IOException, InterruptedException {
    HttpResponse<String> answer = get(page);
    return answer == null ? 0 : answer.statusCode();
  }

  /** Returns its metrics. */
  Scrape scrape() throws IOException, InterruptedException {
    HttpResponse<String> answer = get("metrics");
    if (answer == null) {
      throw new AssertionError("no metrics; its log says:\n" + log());
    }
    return Scrape.of(answer.body());
  }

  private @Nullable HttpResponse<String> get(String page) throws IOException, InterruptedException {
    Matcher console = CONSOLE.matcher(log());
    if (!console.find()) {
      return null;
    }
    URI address = URI.create(console.group(1)).resolve("/" + page);
    try {
      return client.send(
          HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(10)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      return null; // it ends
    }
  }

  /** Returns whether it reads images; fails if it has ended. */
  boolean isReady() throws IOException, InterruptedException {
    if (!process.isAlive()) {
      throw new AssertionError("ended with " + process.exitValue() + ":\n" + log());
    }
    return status("health/ready") == 200;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }
}
