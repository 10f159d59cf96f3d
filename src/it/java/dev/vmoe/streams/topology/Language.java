package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A language that has examples of clients. Where what it needs is not installed, tests are skipped
 * and say so, unless {@code REQUIRE_CLIENTS} is set.
 */
enum Language {
  /** Run from its source, with libraries alone, in the versions of the examples. */
  JAVA {
    @Override
    List<String> program(Path folder, String name) throws IOException {
      String file = name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1);
      Path source = folder.resolve(file + ".java");
      String libraries = libraries();
      Matcher named =
          Pattern.compile("<artifactId>(.+)</artifactId>\\s+<version>(.+\\..+)</version>")
              .matcher(Files.readString(folder.resolve("pom.xml")));
      assertThat(named.results().map(library -> library.group(1) + "-" + library.group(2) + ".jar"))
          .hasSize(2)
          .allMatch(libraries::contains, "libraries of this build");
      return List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-cp",
          libraries,
          source.toString());
    }

    private static String libraries() {
      return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
          .filter(entry -> entry.endsWith(".jar"))
          .filter(entry -> !Path.of(entry).getFileName().toString().contains("vmoe"))
          .collect(Collectors.joining(File.pathSeparator));
    }
  },

  /** Debian's packages, or those of a virtual environment in PATH. */
  PYTHON {
    @Override
    void require() throws IOException, InterruptedException {
      requireMet(
          interpreter().isPresent(),
          "no python3 with confluent_kafka and avro; install Debian's packages"
              + " python3-confluent-kafka and python3-avro");
    }

    @Override
    List<String> program(Path folder, String name) throws IOException, InterruptedException {
      return List.of(interpreter().orElseThrow(), folder.resolve(name + ".py").toString());
    }

    private static Optional<String> interpreter() throws IOException, InterruptedException {
      for (String candidate : List.of("python3", "/usr/bin/python3")) {
        try {
          Process process =
              new ProcessBuilder(candidate, "-c", "import confluent_kafka, avro.io")
                  .redirectErrorStream(true)
                  .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                  .start();
          if (process.waitFor() == 0) {
            return Optional.of(candidate);
          }
        } catch (IOException e) {
          // there is none: the next may be there
        }
      }
      return Optional.empty();
    }
  },

  /** What npm has installed beside the examples. */
  NODE {
    @Override
    void require() throws IOException, InterruptedException {
      requireProgram("node", "nodejs");
      requireMet(
          Files.isDirectory(HOME.resolve("src/examples/node/node_modules/kafkajs")),
          "no libraries for Node; run: npm ci --prefix src/examples/node");
    }

    @Override
    List<String> program(Path folder, String name) {
      return List.of("node", folder.resolve(name + ".js").toString());
    }
  };

  /** The checkout. */
  static final Path HOME = Path.of(System.getProperty("vmoe.home", ".")).toAbsolutePath();

  private static final String REQUIRED = "REQUIRE_CLIENTS";

  /** Skips the test where what this language needs is not installed. */
  void require() throws IOException, InterruptedException {}

  abstract List<String> program(Path folder, String name) throws IOException, InterruptedException;

  /** Returns the command that runs an example. */
  List<String> command(String name, List<String> arguments)
      throws IOException, InterruptedException {
    Path folder = HOME.resolve("src/examples").resolve(name().toLowerCase(Locale.ROOT));
    List<String> command = new ArrayList<>(program(folder, name));
    command.addAll(arguments);
    return command;
  }

  /** Skips the test if there is no such program in PATH. */
  static void requireProgram(String name, String debianPackage) {
    boolean found =
        Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    requireMet(found, "no %s in PATH; install Debian's package %s".formatted(name, debianPackage));
  }

  private static void requireMet(boolean met, String otherwise) {
    if (!met) {
      assertThat(System.getenv(REQUIRED)).as("%s is set, but %s", REQUIRED, otherwise).isNull();
      System.err.println("SKIPPED: " + otherwise);
    }
    assumeTrue(met, otherwise);
  }
}
