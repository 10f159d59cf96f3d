package dev.vmoe.app.doctor;

import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topology.StreamsProperties;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.AuthenticationException;

/**
 * Checks that the brokers answer; then the topics, the brokers' settings and this user's rights.
 */
final class BrokerCheck {

  private static final String BROKER_SETTINGS = "broker settings";

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
      checkTimeouts(admin, nodes.iterator().next(), findings);
      new RightsCheck(settings, admin).into(findings);
    } catch (ExecutionException | KafkaException e) {
      findings.failed("broker", asked + ": " + ErrorText.withCause(e), advice(e));
      findings.skipped("topics", "no broker answered");
    }
  }

  /** Checks that the settings of a broker allow the time-outs of an instance's clients. */
  private void checkTimeouts(Admin admin, Node node, Findings findings)
      throws InterruptedException {
    ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, node.idString());
    Config config;
    try {
      config =
          Objects.requireNonNull(admin.describeConfigs(List.of(broker)).values().get(broker)).get();
    } catch (ExecutionException e) {
      findings.skipped(
          BROKER_SETTINGS,
          "this user may not read them (DescribeConfigs of the cluster): "
              + ErrorText.withCause(e));
      return;
    }
    StreamsProperties.ClientTimes times = new StreamsProperties(settings).clientTimes();
    Duration longest = times.transaction();
    boolean transactions = allowsTransactions(config, longest, findings);
    boolean sessions = allowsSessions(config, times, findings);
    if (transactions && sessions) {
      findings.ok(
          BROKER_SETTINGS,
          "transactions of %d s and sessions of %d s are allowed"
              .formatted(longest.toSeconds(), times.session().toSeconds()));
    }
  }

  private static boolean allowsTransactions(Config config, Duration longest, Findings findings) {
    OptionalLong max = number(config, "transaction.max.timeout.ms");
    if (max.isEmpty() || max.getAsLong() >= longest.toMillis()) {
      return true;
    }
    findings.failed(
        BROKER_SETTINGS,
        "transaction.max.timeout.ms = %d, but transactions of an instance may take %d ms"
            .formatted(max.getAsLong(), longest.toMillis()),
        "raise it on the brokers, or lower producer.transaction.timeout.ms");
    return false;
  }

  private static boolean allowsSessions(
      Config config, StreamsProperties.ClientTimes times, Findings findings) {
    long sessionMs = times.session().toMillis();
    OptionalLong min = number(config, "group.min.session.timeout.ms");
    OptionalLong max = number(config, "group.max.session.timeout.ms");
    if (sessionMs >= min.orElse(0) && sessionMs <= max.orElse(Long.MAX_VALUE)) {
      return true;
    }
    findings.failed(
        BROKER_SETTINGS,
        ("consumer.session.timeout.ms is %d, but the brokers allow %d to %d"
                + " (group.min.session.timeout.ms, group.max.session.timeout.ms)")
            .formatted(sessionMs, min.orElse(0), max.orElse(Long.MAX_VALUE)),
        "change consumer.session.timeout.ms, or those of the brokers");
    return false;
  }

  private static OptionalLong number(Config config, String key) {
    ConfigEntry entry = config.get(key);
    return entry == null || entry.value() == null
        ? OptionalLong.empty()
        : OptionalLong.of(Long.parseLong(entry.value()));
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
