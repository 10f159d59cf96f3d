package dev.vmoe.app.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code vmoe doctor} on a real broker and registry: each fault has a line. */
class DoctorFaultsIT extends DoctorFixture {

  private static final Duration BOUND = Duration.ofSeconds(60);
  static final String CACHE = "org.bytedeco.javacpp.cachedir";

  private final List<ServerSocket> sockets = new ArrayList<>();

  static Stream<DoctorFault> faults() {
    return DoctorFault.all();
  }

  @ParameterizedTest
  @MethodSource("faults")
  @Timeout(120)
  void shouldNameEachFaultAndWhatToDo(DoctorFault fault) throws Exception {
    assertThat(run("topics", "create")).isZero();
    List<String> arguments = new ArrayList<>(List.of("doctor", "--set", "inference.runs=1"));
    String cache = System.getProperty(CACHE);
    try {
      arguments.addAll(fault.breaking().in(this));
      long startNanos = System.nanoTime();
      int code = run(arguments.toArray(String[]::new));
      assertThat(Duration.ofNanos(System.nanoTime() - startNanos)).isLessThan(BOUND);

      String subject = fault.subject().replace("~", prefix);
      List<String> lines =
          out.toString()
              .lines()
              .filter(line -> line.matches(fault.status() + " +\\Q" + subject + "\\E .*"))
              .toList();
      assertThat(lines).as("%s", out).hasSize(1);
      for (String said : fault.said()) {
        assertThat(lines.get(0)).contains(said.replace("~", prefix));
      }
      assertThat(lines.get(0)).contains("; to do: ");
      assertThat(code).isEqualTo(fault.status().equals("failed") ? 1 : 0);
      long troubles =
          out.toString().lines().filter(line -> line.matches("(failed|warning) .*")).count();
      assertThat(troubles - noise()).as("%s", out).isLessThanOrEqualTo(2);
      assertThat(err.toString()).isEmpty();
    } finally {
      if (cache == null) {
        System.clearProperty(CACHE);
      } else {
        System.setProperty(CACHE, cache);
      }
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  /** Lines caused by this machine, such as a small disk or memory. */
  private long noise() {
    return out.toString()
        .lines()
        .filter(line -> line.matches("(failed|warning) +(memory|decoding|temporary directory) .*"))
        .count();
  }

  // ---- faults ----

  private ServerSocket listen() throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    sockets.add(socket);
    return socket;
  }

  List<String> delete(String topic) throws Exception {
    admin.deleteTopics(List.of(prefix + topic)).all().get();
    await().until(() -> !admin.listTopics().names().get().contains(prefix + topic));
    return List.of();
  }

  List<String> recreate(String topic, int partitions, Map<String, String> config) throws Exception {
    delete(topic);
    NewTopic created = new NewTopic(prefix + topic, partitions, (short) 1).configs(config);
    await()
        .ignoreExceptions() // the broker may still be at the deletion
        .until(
            () -> {
              admin.createTopics(List.of(created)).all().get();
              return true;
            });
    await().until(() -> admin.listTopics().names().get().contains(prefix + topic));
    return List.of();
  }

  List<String> silentBroker() throws IOException {
    return List.of("--set", "bootstrap.servers=127.0.0.1:" + listen().getLocalPort());
  }

  List<String> silentRegistry() throws IOException {
    return List.of("--set", "schema.registry.url=http://127.0.0.1:" + listen().getLocalPort());
  }

  List<String> portInUse() throws IOException {
    return List.of("--set", "console.port=" + listen().getLocalPort());
  }

  List<String> otherSchema() {
    try (RegistryClient client = new RegistryClient(registry.url(), Map.of(), BOUND)) {
      client.register(
          prefix + "predictions",
          SchemaBuilder.record("Prediction")
              .namespace("dev.vmoe.event")
              .fields()
              .requiredInt("batchId")
              .endRecord());
    }
    return List.of();
  }

  List<String> rubbish() throws IOException {
    Path file = Files.write(folder.resolve("m.onnx"), new byte[] {1, 2, 3, 4});
    return List.of("--set", "model=" + file);
  }

  List<String> cut() throws IOException {
    byte[] whole = Files.readAllBytes(BundledModels.vmoe());
    Path file = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length / 2));
    return List.of("--set", "model=" + file);
  }

  /** Overwrites the weights; the card stays readable. */
  List<String> overwritten() throws IOException {
    Path file = Files.copy(BundledModels.vmoe(), folder.resolve("over.onnx"));
    spoil(file);
    return List.of("--set", "model=" + file);
  }

  static void spoil(Path file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] whole = new byte[(int) bytes.length()]; // the names of thousands of classes come first
      bytes.readFully(whole);
      String text = new String(whole, java.nio.charset.StandardCharsets.ISO_8859_1);
      int operator = text.indexOf("MatMul");
      assertThat(operator).isPositive();
      bytes.seek(operator);
      bytes.write("MutMal".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }
  }

  List<String> foreignSums() throws IOException {
    Path file = Files.copy(BundledModels.twin(), folder.resolve("sums.onnx"));
    writeForeignSums(file);
    return List.of("--set", "model=" + file);
  }

  List<String> foreignProfile() throws IOException {
    Path file = Files.copy(BundledModels.twin(), folder.resolve("twin.onnx"));
    Path profile =
        Path.of(System.getProperty("vmoe.home", "."))
            .resolve("src/models/characters/vmoe-bpr/profile.json");
    Files.copy(profile, folder.resolve("twin.profile.json"));
    return List.of("--set", "model=" + file);
  }

  List<String> noProfile() throws IOException {
    Path file = Files.copy(BundledModels.vmoe(), folder.resolve("alone.onnx"));
    return List.of("--set", "model=" + file);
  }

  List<String> noDirectory() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no directory");
    System.setProperty(CACHE, file.resolve("cache").toString());
    return List.of();
  }
}
