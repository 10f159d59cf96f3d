package dev.vmoe.doctor;

import dev.vmoe.settings.Settings;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.errors.AuthenticationException;

/** The brokers: whether they answer, as whom, and behind that topics, their settings and rights. */
final class BrokerCheck {

  /** A person waits: shorter than Kafka's minute. */
  private static final int ANSWER_MS = 5_000;

  private static final String STREAMS_FEATURE = "streams.version";

  private final Settings settings;
  private final boolean profile;

  /**
   * Creates a look.
   *
   * @param profile whether the routing profile would be kept
   */
  BrokerCheck(Settings settings, boolean profile) {
    this.settings = settings;
    this.profile = profile;
  }

  void into(Findings findings) throws InterruptedException {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS);
    properties.putAll(settings.adminProperties());
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
                  features(admin, findings)));
      new TopicsCheck(settings, admin, profile, nodes.size()).into(findings);
      new BrokerSettingsCheck(settings, admin, nodes.iterator().next(), profile).into(findings);
      new RightsCheck(settings, admin, profile).into(findings);
    } catch (ExecutionException | KafkaException e) {
      findings.failed("broker", asked + ": " + Reason.of(e), advice(e));
      findings.skipped("topics", "no broker was reached");
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
        : "start it, or correct bootstrap.servers and streams.security.protocol; a listener that"
            + " wants TLS looks dead to one who does not speak it";
  }

  /** Returns the cluster's version, as far as brokers tell: the levels of its features. */
  private String features(Admin admin, Findings findings) throws InterruptedException {
    try {
      Map<String, Short> levels = new TreeMap<>();
      admin
          .describeFeatures()
          .featureMetadata()
          .get()
          .finalizedFeatures()
          .forEach((name, range) -> levels.put(name, range.maxVersionLevel()));
      requireStreamsProtocol(levels, findings);
      return levels.entrySet().stream()
          .map(level -> level.getKey() + " " + level.getValue())
          .collect(Collectors.joining(", "));
    } catch (ExecutionException e) {
      return "features unknown: " + Reason.of(e);
    }
  }

  private void requireStreamsProtocol(Map<String, Short> levels, Findings findings) {
    Object protocol = settings.originals().get("streams.group.protocol");
    if ("streams".equals(protocol) && levels.getOrDefault(STREAMS_FEATURE, (short) 0) < 1) {
      findings.failed(
          "group protocol",
          "streams.group.protocol = streams, and the brokers have no " + STREAMS_FEATURE,
          "remove the setting, or upgrade the feature (kafka-features.sh)");
    }
  }
}
