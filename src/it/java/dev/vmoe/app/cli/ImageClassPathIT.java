package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The files of the container image in {@code target/image}: no broker, no registry, no lab, no
 * tests, native libraries unpacked; and the pipeline runs with these files only.
 */
@EnabledOnOs(OS.LINUX)
class ImageClassPathIT {

  private static final Path IMAGE = Path.of(System.getProperty("vmoe.home", "."), "target/image");
  private static final Duration LIMIT = Duration.ofSeconds(120);

  /** Files of the broker, of Apicurio's application, of the lab and of tests. */
  private static final Pattern UNWANTED =
      Pattern.compile(
          "(kafka|scala|org/apache/kafka/(raft|controller|coordinator|image|metadata|tools)"
              + "|io/apicurio|io/quarkus|org/testcontainers|org/junit|org/assertj|org/mockito"
              + "|org/openqa|dev/vmoe/lab)/.*\\.class");

  private static final Pattern CONSOLE = Pattern.compile("at (http\\S+/);");

  @TempDir Path folder;

  @Test
  void shouldHoldNoBrokerNoRegistryNoLabNoTestCode() throws IOException {
    assertThat(entries().filter(name -> UNWANTED.matcher(name).matches())).isEmpty();
    assertThat(entries()).contains("dev/vmoe/app/cli/RunCommand.class");
  }

  @Test
  void shouldHaveNativesOfThisPlatformUnpacked() throws IOException {
    TreeSet<String> natives = new TreeSet<>();
    try (Stream<Path> files = Files.list(IMAGE.resolve("native"))) {
      files.forEach(file -> natives.add(file.getFileName().toString()));
    }
    assertThat(natives)
        .contains("libonnxruntime.so", "libonnxruntime4j_jni.so", "libjniopencv_imgcodecs.so")
        .anyMatch(name -> name.startsWith("librocksdbjni"))
        .anyMatch(name -> name.startsWith("libzstd-jni"))
        .contains("libsnappyjava.so", "liblz4-java.so");
    assertThat(entries().filter(name -> name.matches(".*onnxruntime.*\\.(so|dll|dylib)")))
        .isEmpty();
  }

  @Test
  @Timeout(300)
  void shouldAnswerImagesWithNothingElseOnTheClassPath() throws Exception {
    try (EmbeddedKafka kafka = EmbeddedKafka.start()) {
      List<String> addresses =
          List.of(
              "--set", "bootstrap.servers=" + kafka.bootstrapServers(),
              "--set", "schema.registry.url=" + SharedServers.registry().url());
      assertThat(vmoe(addresses, "topics", "create")).contains("created");
      Path log = folder.resolve("run.log");
      Process instance =
          start(
              log,
              command(
                  addresses,
                  "run",
                  "--set",
                  "console.port=0",
                  "--set",
                  "device=cpu",
                  "--set",
                  "inference.runs=1"));
      try {
        URI console = await().atMost(LIMIT).until(() -> console(log), at -> at != null);
        await().atMost(LIMIT).until(() -> status(console.resolve("health/ready")) == 200);
        // each compression loads its native library, here and in the instance
        for (String compression : List.of("gzip", "snappy", "lz4", "zstd")) {
          vmoe(
              addresses,
              "produce",
              "--sample",
              "--count",
              "20",
              "--set",
              "producer.compression.type=" + compression);
        }
        String answers = vmoe(addresses, "consume", "--from-beginning", "--max", "80");
        assertThat(answers.lines()).hasSize(80);
      } finally {
        instance.destroy();
        assertThat(instance.waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(log).content().doesNotContain("NoClassDefFoundError");
    }
  }

  @Test
  @Timeout(60)
  void shouldSayThatDemoNeedsACheckout() throws Exception {
    Path log = folder.resolve("demo.log");
    Process demo = start(log, command(List.of(), "demo", "--images", "1"));
    assertThat(demo.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).isEqualTo(VmoeCommand.FAILED);
    assertThat(log).content().contains("no Kafka broker").contains("from a checkout");
  }

  @Test
  @Timeout(60)
  void shouldSayThatTheLabNeedsACheckout() throws Exception {
    Path log = folder.resolve("lab.log");
    Process lab = start(log, command(List.of(), "lab", "bench", "graph", "--batch", "4"));
    assertThat(lab.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(lab.exitValue()).isEqualTo(VmoeCommand.FAILED);
    assertThat(log)
        .content()
        .isEqualToIgnoringNewLines(
            "vmoe: the lab is not part of this installation: clone the repository and run"
                + " `ops/vmoe lab` there, which builds it first");
  }

  private static Stream<String> entries() throws IOException {
    List<String> all = new ArrayList<>();
    try (Stream<Path> files = Files.list(IMAGE.resolve("lib"))) {
      for (Path jar : files.toList()) {
        try (ZipFile zip = new ZipFile(jar.toFile())) {
          zip.stream().map(ZipEntry::getName).forEach(all::add);
        }
      }
    }
    assertThat(all).hasSizeGreaterThan(1000);
    return all.stream();
  }

  /** Runs a command to its end and returns its standard output. */
  private String vmoe(List<String> addresses, String... arguments) throws Exception {
    Path log = Files.createTempFile(folder, "vmoe", ".log");
    List<String> command = command(addresses, arguments);
    Process process = builder(command).redirectError(log.toFile()).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as("%s: %s%s", command, said, Files.readString(log)).isZero();
    return said;
  }

  private Process start(Path log, List<String> command) throws IOException {
    return builder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  private ProcessBuilder builder(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile());
    builder.environment().put("LD_LIBRARY_PATH", natives().toString());
    return builder;
  }

  private static Path natives() {
    return IMAGE.resolve("native").toAbsolutePath();
  }

  private List<String> command(List<String> addresses, String... arguments) throws IOException {
    Path natives = natives();
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.library.path=" + natives,
                "-Donnxruntime.native.path=" + natives,
                "-Dorg.xerial.snappy.lib.path=" + natives,
                "-Dvmoe.home=" + installation(),
                "-cp",
                IMAGE.resolve("lib").toAbsolutePath() + "/*",
                VmoeCommand.class.getName()));
    command.addAll(List.of(arguments));
    command.addAll(addresses);
    if (arguments[0].equals("run")) {
      command.addAll(
          List.of("--set", "model=" + BundledModels.vmoe(), "--set", "cost.survey.ms=100"));
    }
    return command;
  }

  /** Returns a home like that of the image: models, but no sources. */
  private Path installation() throws IOException {
    Path models = folder.resolve("home/models");
    if (!Files.exists(models)) {
      Path model = Files.createDirectories(models.resolve("vmoe-bpr"));
      Files.copy(BundledModels.vmoe(), model.resolve("model.onnx"));
      Path images = BundledImages.folder();
      Files.createSymbolicLink(models.resolve("characters-test"), images.toAbsolutePath());
    }
    return folder.resolve("home");
  }

  private static URI console(Path log) throws IOException {
    Matcher found = CONSOLE.matcher(Files.readString(log));
    return found.find() ? URI.create(found.group(1)) : null;
  }

  private static int status(URI page) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(10)).build(),
            BodyHandlers.discarding())
        .statusCode();
  }
}
