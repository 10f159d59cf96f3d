package dev.vmoe.lab.faults;

import dev.vmoe.app.embedded.EmbeddedKafka;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;

/**
 * One node of a Kafka cluster in a process of its own, so that it can be killed: a controller, a
 * broker, or both.
 */
final class KafkaNode {

  /** Key of the file beside Kafka's own: the id of the node's cluster. */
  static final String CLUSTER_ID = "cluster.id";

  private KafkaNode() {}

  /**
   * Runs the node until the process is told to stop.
   *
   * @param args path of a properties file: Kafka's settings beside {@link EmbeddedKafka#SETTINGS},
   *     with one directory in {@code log.dirs}, and {@link #CLUSTER_ID}
   */
  public static void main(String[] args) throws Exception {
    try {
      run(read(Path.of(args[0])));
    } catch (Exception e) {
      e.printStackTrace();
      System.exit(1); // its threads would keep the process alive
    }
  }

  private static void run(Map<String, String> config) throws Exception {
    String clusterId = config.remove(CLUSTER_ID);
    String directory = config.get("log.dirs");
    String node = config.get("node.id");
    if (clusterId == null || directory == null || node == null) {
      throw new IllegalArgumentException(
          "the file of a Kafka node needs " + CLUSTER_ID + ", node.id and log.dirs");
    }
    EmbeddedKafka.format(Path.of(directory), Integer.parseInt(node), clusterId);
    KafkaRaftServer server = new KafkaRaftServer(new KafkaConfig(config, false), Time.SYSTEM);
    Runtime.getRuntime().addShutdownHook(new Thread(server::shutdown, "kafka-node-exit"));
    server.startup();
    server.awaitShutdown();
  }

  private static Map<String, String> read(Path file) throws IOException {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    }
    Map<String, String> config = new HashMap<>(EmbeddedKafka.SETTINGS);
    for (String name : properties.stringPropertyNames()) {
      config.put(name, properties.getProperty(name, ""));
    }
    return config;
  }
}
