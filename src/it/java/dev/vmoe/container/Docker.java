package dev.vmoe.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.testcontainers.DockerClientFactory;

/**
 * A Docker engine and its command line. If none answers, tests are skipped with a message, or fail
 * if {@code REQUIRE_DOCKER} is set.
 */
public final class Docker {

  /** The pipeline's own image. */
  static final String VMOE = "vmoe-streams:0.1.0";

  static final Path HOME = Path.of(System.getProperty("vmoe.home", ".")).toAbsolutePath();

  private static final String REQUIRED = "REQUIRE_DOCKER";
  private static final long LIMIT_SECONDS = 300;

  private Docker() {}

  /**
   * The result of a command.
   *
   * @param code its exit code
   * @param said its output, including errors
   */
  record Outcome(int code, String said) {}

  /**
   * Skips the test if no engine answers.
   *
   * @param untested what is not tested then
   */
  public static void require(String untested) {
    requireThat(
        DockerClientFactory.instance().isDockerAvailable(),
        "SKIPPED: no Docker engine answers, so " + untested);
  }

  /** Skips the test if no engine answers or the pipeline's image is not built. */
  static void requireImage(String untested) throws IOException, InterruptedException {
    require(untested);
    requireThat(
        call(Map.of(), "image", "inspect", VMOE).code() == 0,
        "SKIPPED: no image " + VMOE + " (`docker compose build` makes it), so " + untested);
  }

  private static void requireThat(boolean there, String message) {
    if (!there) {
      assertThat(System.getenv(REQUIRED)).as("%s is set, but %s", REQUIRED, message).isNull();
      System.err.println(message);
    }
    assumeTrue(there, message);
  }

  /** Runs a docker command in the project's folder and returns its output; fails if it fails. */
  static String run(String... arguments) throws IOException, InterruptedException {
    return run(Map.of(), arguments);
  }

  /** Runs a docker command with more environment variables. */
  static String run(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    Outcome outcome = call(environment, arguments);
    assertThat(outcome.code())
        .as(() -> "docker " + Arrays.toString(arguments) + " says\n" + outcome.said())
        .isZero();
    return outcome.said();
  }

  /** Runs a docker command that may fail. */
  static Outcome call(Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(HOME.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    return new Outcome(process.exitValue(), said);
  }
}
