package dev.vmoe.app.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka broker inside this JVM: one node that is controller and broker, on the loopback
 * interface.
 *
 * <p>The broker's classes are not a public interface of Kafka: this works with the version in the
 * pom.
 */
public final class EmbeddedKafka extends EmbeddedServer {

  /**
   * What every broker here has that differs from Kafka's defaults. {@code docker-compose.yml} has
   * the same for groups and topics.
   */
  public static final Map<String, String> SETTINGS =
      Map.of(
          "auto.create.topics.enable", "false",
          "log.cleaner.dedupe.buffer.size", "8388608",
          "group.initial.rebalance.delay.ms", "0");

  private static final int NODE = 1;
  private static final int ATTEMPTS = 5;

  private final KafkaRaftServer server;
  private final String bootstrapServers;
  private final Path directory;
  private final boolean temporary;

  private EmbeddedKafka(
      KafkaRaftServer server, String bootstrapServers, Path directory, boolean temporary) {
    super("kafka");
    this.server = server;
    this.bootstrapServers = bootstrapServers;
    this.directory = directory;
    this.temporary = temporary;
    stopAtExit();
  }

  /** Returns whether the broker is on the class path; installations do not have it. */
  public static boolean isThere() {
    return EmbeddedKafka.class.getClassLoader().getResource("kafka/server/KafkaRaftServer.class")
        != null;
  }

  /** Starts a broker with its data in a temporary directory, which is deleted with it. */
  public static EmbeddedKafka start() {
    try {
      return start(Files.createTempDirectory("vmoe-kafka"), true, Map.of());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot create a temporary directory for the broker", e);
    }
  }

  /**
   * Starts a broker that keeps its data in this directory and uses the data already there.
   *
   * @param overrides broker settings that differ from {@link #SETTINGS}
   */
  public static EmbeddedKafka start(Path directory, Map<String, String> overrides) {
    return start(directory, false, overrides);
  }

  private static EmbeddedKafka start(
      Path directory, boolean temporary, Map<String, String> overrides) {
    RuntimeException failure = null;
    // another process may take a free port before the broker binds it
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = freePort();
      KafkaRaftServer server = null;
      try {
        Map<String, String> config = new HashMap<>(SETTINGS);
        config.putAll(config(directory, port, freePort()));
        config.putAll(overrides);
        format(directory, NODE, clusterId(directory).orElseGet(() -> Uuid.randomUuid().toString()));
        server = new KafkaRaftServer(new KafkaConfig(config, false), Time.SYSTEM);
        server.startup();
        return new EmbeddedKafka(server, "127.0.0.1:" + port, directory, temporary);
      } catch (RuntimeException e) {
        failure = e;
        shutDown(server);
      } catch (Exception e) {
        failure =
            new IllegalStateException(
                "cannot prepare %s for the embedded broker; give an empty directory that can be written to"
                    .formatted(directory),
                e);
        break;
      }
    }
    if (temporary) {
      delete(directory);
    }
    throw new IllegalStateException(
        "the embedded Kafka broker did not start in %s: is another one using this directory, or does it hold data of another version?"
            .formatted(directory),
        failure);
  }

  /** Returns a free port of the loopback interface; another process may take it first. */
  public static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException("no free port on the loopback interface", e);
    }
  }

  /**
   * Makes a directory fit for the data of a Kafka node, unless it is.
   *
   * @param node id of the node that will use it
   * @param clusterId id of the node's cluster
   */
  public static void format(Path directory, int node, String clusterId) throws Exception {
    Files.createDirectories(directory);
    try (PrintStream quiet =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
      new Formatter()
          .setPrintStream(quiet)
          .setNodeId(node)
          .setClusterId(clusterId)
          .setDirectories(List.of(directory.toString()))
          .setMetadataLogDirectory(directory.toString())
          .setControllerListenerName("CONTROLLER")
          .setReleaseVersion(MetadataVersion.latestProduction())
          .setIgnoreFormatted(true)
          .run();
    }
  }

  /** Returns the id of the cluster that the directory was formatted for; empty for a new one. */
  private static Optional<String> clusterId(Path directory) throws IOException {
    Properties found = new Properties();
    Path file = directory.resolve("meta.properties");
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        found.load(reader);
      }
    }
    return Optional.ofNullable(found.getProperty("cluster.id"));
  }

  private static Map<String, String> config(Path directory, int port, int controllerPort) {
    return Map.ofEntries(
        Map.entry("process.roles", "broker,controller"),
        Map.entry("node.id", Integer.toString(NODE)),
        Map.entry("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
        Map.entry(
            "listeners",
            "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort),
        Map.entry("advertised.listeners", "PLAINTEXT://127.0.0.1:" + port),
        Map.entry("controller.listener.names", "CONTROLLER"),
        Map.entry("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
        Map.entry("log.dirs", directory.toString()),
        Map.entry("offsets.topic.replication.factor", "1"),
        Map.entry("offsets.topic.num.partitions", "1"),
        Map.entry("transaction.state.log.replication.factor", "1"),
        Map.entry("transaction.state.log.min.isr", "1"),
        Map.entry("transaction.state.log.num.partitions", "1"),
        Map.entry("share.coordinator.state.topic.replication.factor", "1"),
        Map.entry("share.coordinator.state.topic.min.isr", "1"),
        Map.entry("share.coordinator.state.topic.num.partitions", "1"),
        Map.entry("controlled.shutdown.enable", "false"));
  }

  /** Returns the broker's address, for {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  @Override
  void stop() {
    shutDown(server);
    if (temporary) {
      delete(directory);
    }
  }

  private static void shutDown(@Nullable KafkaRaftServer server) {
    if (server != null) {
      server.shutdown();
      server.awaitShutdown();
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot delete the broker's directory " + directory, e);
    }
  }
}
