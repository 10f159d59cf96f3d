package dev.vmoe.app.embedded;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;

/** Makes a directory fit for the data of a Kafka node. */
final class KafkaStorage {

  private KafkaStorage() {}

  /**
   * Formats a directory, unless it is formatted.
   *
   * @param node id of the node that will use it
   * @param clusterId id of the node's cluster
   */
  static void format(Path directory, int node, String clusterId) throws Exception {
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
  static Optional<String> clusterId(Path directory) throws IOException {
    Properties found = new Properties();
    Path file = directory.resolve("meta.properties");
    if (Files.exists(file)) {
      try (Reader reader = Files.newBufferedReader(file)) {
        found.load(reader);
      }
    }
    return Optional.ofNullable(found.getProperty("cluster.id"));
  }
}
