package dev.vmoe.lab.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * The JVM in which the Flink peer's jobs run, with this JVM's options. It lives through all rounds,
 * and so becomes as warm as the peers in this process. Between rounds no job and no cluster runs.
 *
 * <p>It reads a line for each order and answers with a line:
 *
 * <pre>
 *                                                    → ready
 *   start brokers group images predictions cores     → reading
 *   stop                                             → stopped MILLISECONDS_OF_COMPILER
 * </pre>
 *
 * <p>or {@code failed}, and why.
 */
public final class FlinkProcess implements AutoCloseable {

  static final String READY = "ready";
  static final String START = "start";
  static final String READING = "reading";
  static final String STOP = "stop";
  static final String STOPPED = "stopped";

  private static final String MAIN = "dev.vmoe.lab.peers.FlinkMain";

  /** Options that are passed on to Flink's JVM. An agent is not. */
  private static final List<String> SHARED_OPTIONS =
      List.of("-X", "-D", "--enable-native-access", "--sun-misc-unsafe");

  /** What Flink's own start script opens, as far as this job needs it. */
  private static final List<String> FLINK_OPTIONS =
      List.of(
          "--add-opens=java.base/java.lang=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.time=ALL-UNNAMED");

  private static final Duration ANSWER_LIMIT = Duration.ofMinutes(2);
  private static final Duration END_LIMIT = Duration.ofSeconds(10);

  private final Process process;
  private final Path log;
  private final PrintWriter orders;
  private final BufferedReader answers;
  private final Thread atExit;
  private long compileMillis;

  private FlinkProcess(Process process, Path log) {
    this.log = log;
    this.process = process;
    this.orders = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.atExit = new Thread(process::destroyForcibly, "flink-exit");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /**
   * Starts the process and waits until it has opened the model.
   *
   * @param classPath of {@link FlinkBuild}
   */
  public static FlinkProcess start(String classPath, FlinkSetup setup) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> SHARED_OPTIONS.stream().anyMatch(option::startsWith))
        .forEach(command::add);
    command.addAll(FLINK_OPTIONS);
    command.add("-Dvmoe.home=" + System.getProperty("vmoe.home", "."));
    command.addAll(List.of("-cp", classPath, MAIN));
    command.addAll(setup.toArguments());
    Path log = FlinkBuild.folder().resolve("flink.log"); // Flink reports each job that is stopped
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().putIfAbsent("VMOE_LOG_LEVEL", "WARN");
    try {
      FlinkProcess started = new FlinkProcess(builder.start(), log);
      try {
        started.expect(READY);
        return started;
      } catch (RuntimeException e) {
        started.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start a process for Flink", e);
    }
  }

  /** Starts a round's job and waits until it reads all partitions. */
  void start(PeerJob job) {
    orders.println(
        String.join(
            " ",
            START,
            job.bootstrapServers(),
            job.group(),
            job.images(),
            job.predictions(),
            Integer.toString(job.cores())));
    expect(READING);
  }

  /**
   * Stops the round's job.
   *
   * @throws IllegalStateException if it had failed
   */
  void stop() {
    orders.println(STOP);
    compileMillis = Long.parseLong(expect(STOPPED));
  }

  /** Returns the processor time that the process has used. */
  Duration cpu() {
    return process
        .info()
        .totalCpuDuration()
        .orElseThrow(
            () -> new IllegalStateException("the processor time of Flink's process is not known"));
  }

  /** Returns how long its just-in-time compiler had worked when the last job stopped. */
  public long compileMillis() {
    return compileMillis;
  }

  /** Waits for an answer and returns what follows its first word. */
  private String expect(String first) {
    String answer;
    try {
      answer =
          CompletableFuture.supplyAsync(this::nextAnswer)
              .orTimeout(ANSWER_LIMIT.toSeconds(), TimeUnit.SECONDS)
              .join();
    } catch (CompletionException e) {
      process.destroyForcibly(); // no order would be read any more
      throw new IllegalStateException(
          String.format("flink did not answer '%s' (%s), see %s", first, e.getCause(), log), e);
    }
    if (!answer.startsWith(first)) {
      process.destroyForcibly();
      throw new IllegalStateException(
          String.format("flink answered '%s' instead of '%s', see %s", answer, first, log));
    }
    return answer.substring(first.length()).strip();
  }

  private String nextAnswer() {
    try {
      String answer = answers.readLine();
      return answer == null ? "the end of its process" : answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends the process. */
  @Override
  public void close() {
    orders.close(); // it ends where its orders end
    try {
      if (!process.waitFor(END_LIMIT.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    } catch (IllegalStateException e) {
      // this JVM is ending, and the hook does the same
    }
  }
}
