package dev.vmoe.app.doctor;

import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.errors.AuthenticationException;

/**
 * Checks that the brokers answer; then the topics, the brokers' settings and this user's rights.
 */
final class BrokerCheck {

  /** Shorter than Kafka's minute, because a person waits. */
  private static final int ANSWER_MS = 5_000;

  private final Settings settings;
  private final long utilizationBytes;

  /**
   * Creates a check.
   *
   * @param utilizationBytes of the largest utilization event
   */
  BrokerCheck(Settings settings, long utilizationBytes) {
    this.settings = settings;
    this.utilizationBytes = utilizationBytes;
  }

  void into(Findings findings) throws InterruptedException {
    Map<String, Object> properties = Brokers.properties(settings, ANSWER_MS);
    String asked =
        settings.getString(Settings.BOOTSTRAP_SERVERS) + " (" + security(properties) + ")";
    try (Admin admin = Admin.create(properties)) {
      DescribeClusterResult cluster = admin.describeCluster();
      Collection<Node> nodes = cluster.nodes().get();
      findings.ok(
          "broker",
          "%s: %d broker%s, cluster %s, %s"
              .formatted(
                  asked,
                  nodes.size(),
                  nodes.size() == 1 ? "" : "s",
                  cluster.clusterId().get(),
                  features(admin)));
      new TopicsCheck(settings, admin, nodes.size(), utilizationBytes).into(findings);
      new BrokerSettingsCheck(settings, admin, nodes.iterator().next()).into(findings);
      new RightsCheck(settings, admin).into(findings);
    } catch (ExecutionException | KafkaException e) {
      findings.failed("broker", asked + ": " + ErrorText.withCause(e), advice(e));
      findings.skipped("topics", "no broker answered");
    }
  }

  private static String security(Map<String, Object> properties) {
    Object protocol = properties.getOrDefault("security.protocol", "PLAINTEXT");
    Object mechanism = properties.get("sasl.mechanism");
    return mechanism == null ? protocol.toString() : protocol + ", " + mechanism;
  }

  private static String advice(Throwable failure) {
    Throwable cause = failure.getCause() == null ? failure : failure.getCause();
    return failure instanceof AuthenticationException || cause instanceof AuthenticationException
        ? "correct the credentials or certificates under streams. (or admin.)"
        : "start it, or correct bootstrap.servers and streams.security.protocol (a listener with"
            + " TLS does not answer clients without TLS)";
  }

  /** Returns the levels of the cluster's features, which tell its version. */
  private static String features(Admin admin) throws InterruptedException {
    try {
      Map<String, Short> levels = new TreeMap<>();
      admin
          .describeFeatures()
          .featureMetadata()
          .get()
          .finalizedFeatures()
          .forEach((name, range) -> levels.put(name, range.maxVersionLevel()));
      return levels.entrySet().stream()
          .map(level -> level.getKey() + " " + level.getValue())
          .collect(Collectors.joining(", "));
    } catch (ExecutionException e) {
      return "features unknown: " + ErrorText.withCause(e);
    }
  }
}
