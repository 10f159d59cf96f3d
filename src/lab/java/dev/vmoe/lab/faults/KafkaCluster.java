package dev.vmoe.lab.faults;

import dev.vmoe.app.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * A Kafka cluster of processes on this machine: brokers, and a controller beside them. Each can be
 * killed and started again with its data.
 */
final class KafkaCluster {

  private static final int CONTROLLER = 100;
  private static final int HEAP_MEBIBYTES = 320;
  private static final Duration START_LIMIT = Duration.ofSeconds(180);
  private static final Duration CHECK_EVERY = Duration.ofMillis(300);

  private final ChildJvms jvms;
  private final String host;
  private final @Nullable KafkaProcess controller;
  private final List<KafkaProcess> brokers = new ArrayList<>();

  /** A node and how often it was started. */
  private static final class KafkaProcess {
    final int id;
    final Path file;
    final int port;
    int starts;
    @Nullable ChildJvm jvm;

    KafkaProcess(int id, Path file, int port) {
      this.id = id;
      this.file = file;
      this.port = port;
    }
  }

  private KafkaCluster(ChildJvms jvms, String host, @Nullable KafkaProcess controller) {
    this.jvms = jvms;
    this.host = host;
    this.controller = controller;
  }

  /**
   * Starts a cluster and waits until it answers.
   *
   * @param host address that brokers listen on
   * @param folder for settings and data
   * @param brokers number of brokers; topics have as many replicas
   * @param combined whether the one broker is its own controller
   */
  static KafkaCluster start(ChildJvms jvms, String host, Path folder, int brokers, boolean combined)
      throws IOException, InterruptedException {
    if (combined && brokers != 1) {
      throw new IllegalArgumentException("only a single broker can be its own controller");
    }
    String clusterId = Uuid.randomUuid().toString();
    int controllerPort = EmbeddedKafka.freePort();
    String voters = (combined ? 1 : CONTROLLER) + "@127.0.0.1:" + controllerPort;
    Map<String, String> shared = shared(brokers, voters, clusterId);
    KafkaProcess controller = null;
    if (!combined) {
      Map<String, String> config = new HashMap<>(shared);
      config.put("process.roles", "controller");
      config.put("listeners", "CONTROLLER://127.0.0.1:" + controllerPort);
      controller = node(CONTROLLER, folder, controllerPort, config);
    }
    KafkaCluster cluster = new KafkaCluster(jvms, host, controller);
    for (int id = 1; id <= brokers; id++) {
      int port = EmbeddedKafka.freePort();
      String listener = "PLAINTEXT://" + host + ":" + port;
      Map<String, String> config = new HashMap<>(shared);
      config.put("process.roles", combined ? "broker,controller" : "broker");
      config.put(
          "listeners",
          combined ? listener + ",CONTROLLER://127.0.0.1:" + controllerPort : listener);
      config.put("advertised.listeners", listener);
      cluster.brokers.add(node(id, folder, port, config));
    }
    cluster.startAll();
    return cluster;
  }

  private static Map<String, String> shared(int brokers, String voters, String clusterId) {
    String replicas = Integer.toString(brokers);
    String inSync = Integer.toString(Math.max(1, brokers - 1));
    return Map.ofEntries(
        Map.entry(KafkaNode.CLUSTER_ID, clusterId),
        Map.entry("controller.quorum.voters", voters),
        Map.entry("controller.listener.names", "CONTROLLER"),
        Map.entry("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
        Map.entry("default.replication.factor", replicas),
        Map.entry("min.insync.replicas", inSync),
        Map.entry("offsets.topic.replication.factor", replicas),
        Map.entry("offsets.topic.num.partitions", "6"),
        Map.entry("transaction.state.log.replication.factor", replicas),
        Map.entry("transaction.state.log.min.isr", inSync),
        Map.entry("transaction.state.log.num.partitions", "6"),
        Map.entry("message.max.bytes", "20971520"),
        Map.entry("replica.fetch.max.bytes", "20971520"),
        Map.entry("num.network.threads", "2"),
        Map.entry("num.io.threads", "4"));
  }

  private static KafkaProcess node(int id, Path folder, int port, Map<String, String> config)
      throws IOException {
    config.put("node.id", Integer.toString(id));
    config.put("log.dirs", folder.resolve("kafka-" + id).toString());
    Path file = folder.resolve("kafka-" + id + ".properties");
    Properties properties = new Properties();
    properties.putAll(config);
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
    return new KafkaProcess(id, file, port);
  }

  private void start(KafkaProcess node) {
    node.starts++;
    node.jvm =
        jvms.start(
            "kafka-%d-%03d".formatted(node.id, node.starts),
            HEAP_MEBIBYTES,
            KafkaNode.class.getName(),
            List.of(node.file.toString()));
  }

  /** Returns the address of the brokers. */
  String bootstrapServers() {
    return brokers.stream()
        .map(broker -> host + ":" + broker.port)
        .collect(Collectors.joining(","));
  }

  /** Returns the number of brokers. */
  int size() {
    return brokers.size();
  }

  /** Kills a broker, counted from 0. */
  void kill(int broker) throws InterruptedException {
    kill(brokers.get(broker));
  }

  /** Starts a killed broker and waits until all brokers are there. */
  void restart(int broker) throws InterruptedException {
    start(brokers.get(broker));
    awaitAll();
  }

  /** Kills every process of the cluster. */
  void killAll() throws InterruptedException {
    if (controller != null) {
      kill(controller);
    }
    for (KafkaProcess broker : brokers) {
      kill(broker);
    }
  }

  /** Starts every process of the cluster and waits until all brokers are there. */
  void startAll() throws InterruptedException {
    if (controller != null) {
      start(controller);
    }
    brokers.forEach(this::start);
    awaitAll();
  }

  private static void kill(KafkaProcess node) throws InterruptedException {
    if (node.jvm != null) {
      node.jvm.kill();
    }
  }

  private void awaitAll() throws InterruptedException {
    long endNanos = System.nanoTime() + START_LIMIT.toNanos();
    try (Admin admin =
        Admin.create(
            Map.of(
                "bootstrap.servers",
                bootstrapServers(),
                "default.api.timeout.ms",
                "5000",
                "request.timeout.ms",
                "4000"))) {
      while (!allAnswer(admin)) {
        for (KafkaProcess broker : brokers) {
          if (broker.jvm != null && !broker.jvm.isAlive()) {
            throw new IllegalStateException(
                "broker %d has ended, see %s".formatted(broker.id, broker.jvm.log()));
          }
        }
        if (System.nanoTime() - endNanos > 0) {
          throw new IllegalStateException(
              "not all of %d brokers were there within %s".formatted(brokers.size(), START_LIMIT));
        }
        Thread.sleep(CHECK_EVERY.toMillis());
      }
    }
  }

  private boolean allAnswer(Admin admin) throws InterruptedException {
    try {
      return admin.describeCluster().nodes().get(6, TimeUnit.SECONDS).size() == brokers.size();
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }
}
