package dev.vmoe.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Kustomize, as Debian's package has it. Where it is missing, tests are skipped and say so, unless
 * {@code REQUIRE_KUSTOMIZE} is set.
 */
final class Kustomize {

  /** The checkout. */
  static final Path HOME = Path.of(System.getProperty("vmoe.home", ".")).toAbsolutePath();

  /** What is deployed. */
  static final Path FOLDER = HOME.resolve("ops/k8s");

  private static final String REQUIRED = "REQUIRE_KUSTOMIZE";
  private static final long LIMIT_SECONDS = 60;

  private Kustomize() {}

  /** Returns the overlays that are there, by name. */
  static List<String> overlays() throws IOException {
    try (Stream<Path> folders = Files.list(FOLDER.resolve("overlays"))) {
      return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
    }
  }

  /** Returns what an overlay comes to, as YAML documents. */
  static String overlay(String name) throws IOException, InterruptedException {
    return build(FOLDER.resolve("overlays").resolve(name));
  }

  /** Returns what the kustomization of a folder comes to. */
  static String build(Path folder) throws IOException, InterruptedException {
    Path log = Files.createTempFile("kustomize", ".log");
    try {
      Process process =
          new ProcessBuilder(binary(), "build", folder.toString())
              .redirectError(log.toFile())
              .start();
      String rendered = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as("%s: %s", folder, Files.readString(log)).isZero();
      assertThat(log).as("warnings about %s", folder).isEmptyFile();
      return rendered;
    } finally {
      Files.delete(log);
    }
  }

  private static String binary() {
    String path =
        Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .map(folder -> Path.of(folder, "kustomize"))
            .filter(Files::isExecutable)
            .map(Path::toString)
            .findFirst()
            .orElse("");
    String message =
        "SKIPPED: no kustomize in PATH, so ops/k8s was not rendered and not read; install Debian's"
            + " package kustomize";
    if (path.isEmpty()) {
      assertThat(System.getenv(REQUIRED)).as("%s is set, but %s", REQUIRED, message).isNull();
      System.err.println(message);
    }
    assumeTrue(!path.isEmpty(), message);
    return path;
  }
}
