package dev.vmoe.app.doctor;

import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.StreamsProperties;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.ConfigResource;

/** Checks that the settings of one broker allow the time-outs of an instance's clients. */
final class BrokerSettingsCheck {

  private static final String SUBJECT = "broker settings";

  private final Settings settings;
  private final Admin admin;
  private final ConfigResource broker;

  BrokerSettingsCheck(Settings settings, Admin admin, Node broker) {
    this.settings = settings;
    this.admin = admin;
    this.broker = new ConfigResource(ConfigResource.Type.BROKER, broker.idString());
  }

  void into(Findings findings) throws InterruptedException {
    Config config;
    try {
      config =
          Objects.requireNonNull(admin.describeConfigs(List.of(broker)).values().get(broker)).get();
    } catch (ExecutionException e) {
      findings.skipped(
          SUBJECT,
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
          SUBJECT,
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
        SUBJECT,
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
        SUBJECT,
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
}
