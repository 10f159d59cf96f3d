package dev.vmoe.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.embedded.EmbeddedKafka;
import dev.vmoe.embedded.EmbeddedRegistry;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.modelstore.BundledModels;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code vmoe doctor} on a real broker and registry: each fault has a line. */
class DoctorIT {

  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final String CACHE = "org.bytedeco.javacpp.cachedir";

  private static EmbeddedKafka kafka;
  private static EmbeddedRegistry registry;
  private static Admin admin;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final String prefix = "d" + UUID.randomUUID().toString().substring(0, 8) + ".";

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    kafka = EmbeddedKafka.start();
    registry = EmbeddedRegistry.start();
    admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()));
  }

  @AfterAll
  static void stop() {
    admin.close();
    registry.close();
    kafka.close();
  }

  /** Breaks something; returns further arguments of the command. */
  @FunctionalInterface
  private interface Breaking {
    List<String> in(DoctorIT test) throws Exception;
  }

  /**
   * One fault.
   *
   * @param status of its line
   * @param subject of its line, with {@code ~} for the topic prefix
   * @param said texts in its message and advice
   */
  private record Fault(
      String name, Breaking breaking, String status, String subject, List<String> said) {

    @Override
    public String toString() {
      return name;
    }
  }

  private static Fault set(
      String name, String setting, String status, String subject, String... said) {
    return new Fault(name, test -> List.of("--set", setting), status, subject, List.of(said));
  }

  private static Fault fault(
      String name, Breaking breaking, String status, String subject, String... said) {
    return new Fault(name, breaking, status, subject, List.of(said));
  }

  static Stream<Fault> faults() {
    return Stream.of(
        set(
            "a misspelled setting",
            "batch.max.image=3",
            "failed",
            "settings",
            "batch.max.image: unknown setting (did you mean batch.max.images?)"),
        set(
            "settings that contradict each other",
            "capacity.ratio.min=2",
            "failed",
            "settings",
            "capacity.ratio.min 2.0 is above capacity.ratio.max 1.05"),
        set(
            "a client's misspelled setting",
            "streams.num.stream.treads=2",
            "warning",
            "settings",
            "streams.num.stream.treads: no client of Kafka",
            "did you mean num.stream.threads?"),
        set(
            "a key without its certificate",
            "console.tls.key=/none.pem",
            "failed",
            "console",
            "of no use without console.tls.certificate"),
        set(
            "no broker at the address",
            "bootstrap.servers=127.0.0.1:9",
            "failed",
            "broker",
            "127.0.0.1:9 (PLAINTEXT)",
            "correct bootstrap.servers"),
        fault(
            "a broker that is silent",
            DoctorIT::silentBroker,
            "failed",
            "broker",
            "correct bootstrap.servers"),
        set(
            "a broker with an unknown name",
            "bootstrap.servers=none.invalid:9092",
            "failed",
            "broker",
            "none.invalid:9092",
            "No resolvable bootstrap urls"),
        set(
            "no registry at the address",
            "schema.registry.url=http://127.0.0.1:9",
            "failed",
            "registry",
            "http://127.0.0.1:9",
            "correct schema.registry.url"),
        fault(
            "a registry that is silent",
            DoctorIT::silentRegistry,
            "failed",
            "registry",
            "timed out"),
        fault(
            "a missing topic",
            test -> test.delete("images.dlq"),
            "failed",
            "topic ~images.dlq",
            "it does not exist",
            "vmoe topics create"),
        fault(
            "too few partitions",
            test -> test.recreate("images", 1, Map.of()),
            "warning",
            "topic ~images",
            "partitions: 1, planned 6"),
        fault(
            "configurations without an order",
            test -> test.recreate("config", 2, Map.of()),
            "failed",
            "topic ~config",
            "2 partitions",
            "exactly 1"),
        fault(
            "a topic that loses configurations",
            test -> test.recreate("config", 1, Map.of("retention.ms", "1000")),
            "warning",
            "topic ~config",
            "retention.ms: 1000, planned -1"),
        fault(
            "predictions that do not fit",
            test -> test.recreate("predictions", 6, Map.of("max.message.bytes", "1000")),
            "failed",
            "record sizes",
            "~predictions takes records of at most 1000 bytes",
            "524288 or more"),
        fault(
            "dead letters that do not fit",
            test -> test.recreate("images.dlq", 1, Map.of("max.message.bytes", "1000")),
            "warning",
            "record sizes",
            "~images.dlq of 1000",
            "raise the latter's"),
        set(
            "transactions longer than the broker allows",
            "producer.transaction.timeout.ms=1000000",
            "failed",
            "broker settings",
            "transaction.max.timeout.ms = 900000",
            "may take 1000000 ms"),
        set(
            "sessions shorter than the broker allows",
            "consumer.session.timeout.ms=1500",
            "failed",
            "broker settings",
            "consumer.session.timeout.ms is 1500",
            "6000 to 1800000"),
        fault(
            "an incompatible schema",
            DoctorIT::otherSchema,
            "failed",
            "schema ~predictions-value",
            "not compatible"),
        set(
            "no model",
            "model=/nowhere/m.onnx",
            "failed",
            "model",
            "/nowhere/m.onnx does not exist",
            "vmoe model import"),
        fault(
            "no model at all",
            test -> List.of("--set", "model=" + test.folder),
            "failed",
            "model",
            "vmoe model import"),
        fault(
            "a model file of random bytes",
            DoctorIT::rubbish,
            "failed",
            "model",
            "m.onnx",
            "vmoe model import"),
        fault("a truncated model", DoctorIT::cut, "failed", "model", "cut.onnx"),
        fault(
            "a model whose middle is overwritten",
            DoctorIT::overwritten,
            "failed",
            "model",
            "cannot load"),
        fault(
            "a model beside the sums of another",
            DoctorIT::foreignSums,
            "failed",
            "model files",
            "sums.onnx is not the file that SHA256SUMS lists",
            "copy the model again"),
        fault(
            "a configured model that cannot be loaded",
            test -> test.configured(DoctorIT::spoil),
            "warning",
            "configuration",
            "configuration 2 is refused",
            "cannot load",
            "other",
            "vmoe config set"),
        fault(
            "a configured model beside the sums of another",
            test -> test.configured(DoctorIT::writeForeignSums),
            "warning",
            "configuration",
            "configuration 2 is refused",
            "model.onnx is not the file that SHA256SUMS lists"),
        fault(
            "a configured model that is gone",
            test -> test.configured(file -> Files.delete(file)),
            "warning",
            "configuration",
            "no model 'other'"),
        fault(
            "another model's profile",
            DoctorIT::foreignProfile,
            "failed",
            "quality profile",
            "belongs to another model",
            "vmoe sweep"),
        fault(
            "no profile",
            DoctorIT::noProfile,
            "warning",
            "quality profile",
            "does not exist",
            "vmoe sweep"),
        set(
            "a K that the model does not have",
            "experts.per.token=7",
            "failed",
            "batch",
            "experts.per.token: K 7 outside 1 to 2"),
        set(
            "a GPU that is not there",
            "device=cuda:9",
            "failed",
            "device",
            "cuda:9",
            "device = auto or cpu does without"),
        fault(
            "a directory that cannot be made",
            DoctorIT::noDirectory,
            "failed",
            "native libraries",
            "cannot be made",
            CACHE),
        fault(
            "a port in use",
            DoctorIT::portInUse,
            "failed",
            "console",
            "the console cannot listen at",
            "another instance"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  @Timeout(120)
  void shouldNameEachFaultAndWhatToDo(Fault fault) throws Exception {
    assertThat(run("topics", "create")).isZero();
    List<String> arguments = new ArrayList<>(List.of("doctor"));
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

  private final List<ServerSocket> sockets = new ArrayList<>();

  @Test
  void shouldFindAllInOrderAndChangeNothing() throws Exception {
    assertThat(run("topics", "create")).isZero();
    Set<String> before = all();

    assertThat(run("doctor", "--json")).as("%s", out).isZero();

    assertThat(all()).isEqualTo(before);
    JsonNode report = new ObjectMapper().readTree(out.toString());
    List<String> subjects = new ArrayList<>();
    for (JsonNode finding : report.get("findings")) {
      subjects.add(finding.get("subject").textValue().replace(prefix, "~"));
      assertThat(finding.get("status").textValue()).as("%s", finding).isEqualTo("ok");
    }
    assertThat(report.get("status").textValue()).isEqualTo("ok");
    assertThat(subjects)
        .containsExactly(
            "settings",
            "broker",
            "topic ~images",
            "topic ~predictions",
            "topic ~expert-utilization",
            "topic ~config",
            "topic ~images.dlq",
            "topic ~routing-profile",
            "broker settings",
            "rights",
            "registry",
            "schema ~images-value",
            "schema ~predictions-value",
            "schema ~expert-utilization-value",
            "schema ~config-value",
            "schema ~routing-profile-value",
            "model files",
            "quality profile",
            "batch",
            "model",
            "device",
            "configuration",
            "memory",
            "temporary directory",
            "native libraries",
            "console");
    assertThat(report.at("/findings/1/message").textValue())
        .contains("1 broker,", "cluster ", "metadata.version ");
  }

  @Test
  void shouldCheckTheModelThatTheNewestValidRecordNames() throws Exception {
    assertThat(run("topics", "create")).isZero();
    assertThat(run("doctor")).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +that of the settings file, no record is in force")
        .doesNotContain("configured model");

    List<String> models = configured(file -> {});
    List<String> command = new ArrayList<>(List.of("doctor"));
    command.addAll(models);
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +configuration 2 is in force: .*model=other")
        .containsPattern("ok +configured model +.*other/model.onnx loads: .*, without SHA256SUMS");

    Path file = folder.resolve("other/model.onnx");
    Files.writeString(file.resolveSibling("SHA256SUMS"), sum(file) + "  model.onnx\n");
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString()).containsPattern("configured model .*its files as SHA256SUMS says");

    writeForeignSums(file);
    assertThat(run(command.toArray(String[]::new))).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("warning +configuration +configuration 2 is refused")
        .containsPattern("ok +configuration +configuration 0 is in force: .*model=good")
        .containsPattern("ok +configured model +.*good/model.onnx loads");

    List<String> reset = new ArrayList<>(List.of("config", "reset"));
    reset.addAll(models);
    assertThat(run(reset.toArray(String[]::new))).as("%s", err).isZero();
    assertThat(run("doctor")).as("%s", out).isZero();
    assertThat(out.toString())
        .containsPattern("ok +configuration +that of the settings file, by the reset of record 4");
  }

  /** Lines caused by this machine, such as a small disk or memory. */
  private long noise() {
    return out.toString()
        .lines()
        .filter(line -> line.matches("(failed|warning) +(memory|temporary directory) .*"))
        .count();
  }

  private Set<String> all() throws Exception {
    Set<String> all = new TreeSet<>();
    for (String topic :
        admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get()) {
      if (!topic.startsWith("__")) { // the brokers' own, which they make when first asked
        all.add("topic " + topic);
      }
    }
    for (GroupListing group : admin.listGroups().all().get()) {
      all.add("group " + group.groupId());
    }
    String subjects =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(URI.create(registry.url() + "/subjects")).build(),
                BodyHandlers.ofString())
            .body();
    all.add("subjects " + subjects);
    try (Stream<Path> models = Files.list(BundledModels.vmoe().getParent())) {
      models.forEach(file -> all.add(file + " " + file.toFile().lastModified()));
    }
    return all;
  }

  // ---- faults ----

  private List<String> delete(String topic) throws Exception {
    admin.deleteTopics(List.of(prefix + topic)).all().get();
    await().until(() -> !admin.listTopics().names().get().contains(prefix + topic));
    return List.of();
  }

  private List<String> recreate(String topic, int partitions, Map<String, String> config)
      throws Exception {
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

  private ServerSocket listen() throws IOException {
    ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    sockets.add(socket);
    return socket;
  }

  private List<String> silentBroker() throws IOException {
    return List.of("--set", "bootstrap.servers=127.0.0.1:" + listen().getLocalPort());
  }

  private List<String> silentRegistry() throws IOException {
    return List.of("--set", "schema.registry.url=http://127.0.0.1:" + listen().getLocalPort());
  }

  private List<String> portInUse() throws IOException {
    return List.of("--set", "console.port=" + listen().getLocalPort());
  }

  private List<String> otherSchema() {
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

  private List<String> rubbish() throws IOException {
    Path file = Files.write(folder.resolve("m.onnx"), new byte[] {1, 2, 3, 4});
    return List.of("--set", "model=" + file);
  }

  private List<String> cut() throws IOException {
    byte[] whole = Files.readAllBytes(BundledModels.vmoe());
    Path file = Files.write(folder.resolve("cut.onnx"), Arrays.copyOf(whole, whole.length / 2));
    return List.of("--set", "model=" + file);
  }

  /** Overwrites the weights; the card stays readable. */
  private List<String> overwritten() throws IOException {
    Path file = Files.copy(BundledModels.vmoe(), folder.resolve("over.onnx"));
    spoil(file);
    return List.of("--set", "model=" + file);
  }

  private static void spoil(Path file) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      byte[] start = new byte[20_000];
      bytes.readFully(start);
      String text = new String(start, java.nio.charset.StandardCharsets.ISO_8859_1);
      int operator = text.indexOf("MatMul");
      assertThat(operator).isPositive();
      bytes.seek(operator);
      bytes.write("MutMal".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    }
  }

  private List<String> foreignSums() throws IOException {
    Path file = Files.copy(BundledModels.twin(), folder.resolve("sums.onnx"));
    writeForeignSums(file);
    return List.of("--set", "model=" + file);
  }

  private static void writeForeignSums(Path file) throws IOException {
    Files.writeString(
        file.resolveSibling("SHA256SUMS"), "0".repeat(64) + "  " + file.getFileName() + "\n");
  }

  private static String sum(Path file) throws IOException {
    try {
      byte[] sum = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(sum);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Breaks a model's file. */
  @FunctionalInterface
  private interface Spoiling {
    void at(Path file) throws IOException;
  }

  /** Writes a configuration for each of two models, then breaks the one in force. */
  private List<String> configured(Spoiling spoiling) throws IOException {
    List<String> models = List.of("--set", "models.dir=" + folder);
    for (String name : List.of("good", "other")) {
      Path file = Files.createDirectories(folder.resolve(name)).resolve("model.onnx");
      Files.copy(BundledModels.vmoe(), file);
      List<String> command = new ArrayList<>(List.of("config", "set", "model=" + name));
      command.addAll(models);
      assertThat(run(command.toArray(String[]::new))).as("%s", err).isZero();
    }
    spoiling.at(folder.resolve("other/model.onnx"));
    return models;
  }

  private List<String> foreignProfile() throws IOException {
    Path file = Files.copy(BundledModels.twin(), folder.resolve("twin.onnx"));
    Path profile =
        Path.of(System.getProperty("vmoe.home", "."))
            .resolve("src/models/fashion-mnist/vmoe-bpr/profile.json");
    Files.copy(profile, folder.resolve("twin.profile.json"));
    return List.of("--set", "model=" + file);
  }

  private List<String> noProfile() throws IOException {
    Path file = Files.copy(BundledModels.vmoe(), folder.resolve("alone.onnx"));
    return List.of("--set", "model=" + file);
  }

  private List<String> noDirectory() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "no directory");
    System.setProperty(CACHE, file.resolve("cache").toString());
    return List.of();
  }

  private int run(String... command) throws IOException {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    List<String> arguments = new ArrayList<>(List.of(command[0]));
    int words = Set.of("topics", "config").contains(command[0]) ? 2 : 1;
    if (words == 2) {
      arguments.add(command[1]);
    }
    arguments.addAll(
        List.of(
            "--set", "bootstrap.servers=" + kafka.bootstrapServers(),
            "--set", "schema.registry.url=" + registry.url(),
            "--set", "topic.prefix=" + prefix,
            "--set", "model=" + BundledModels.vmoe(),
            "--set", "device=cpu",
            "--set", "console.port=0"));
    arguments.addAll(List.of(command).subList(words, command.length));
    return VmoeCommand.commandLine(new PrintWriter(out, true), new PrintWriter(err, true), null)
        .execute(arguments.toArray(String[]::new));
  }
}
