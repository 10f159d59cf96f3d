package dev.vmoe.app.doctor;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topics.TopicPlan;
import dev.vmoe.streams.topics.TopicState;
import dev.vmoe.streams.topics.TopicState.PlanStatus;
import dev.vmoe.streams.topics.Topics;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;

/** Compares the topics with their plan. */
final class TopicsCheck {

  private static final String RECORD_SIZES = "record sizes";
  private static final String CREATE = "vmoe topics create";
  private static final String ALTER =
      "alter it (kafka-configs.sh, kafka-topics.sh), or change topology/topics.yaml";

  private final Settings settings;
  private final TopicAdmin topics;
  private final int brokers;
  private final long utilizationBytes;

  TopicsCheck(Settings settings, Admin admin, int brokers, long utilizationBytes) {
    this.settings = settings;
    this.topics = new TopicAdmin(admin, settings);
    this.brokers = brokers;
    this.utilizationBytes = utilizationBytes;
  }

  void into(Findings findings) {
    Map<String, Integer> sizes = new TreeMap<>();
    for (TopicPlan.Topic planned : TopicPlan.load().topics()) {
      for (String name : settings.topics(planned.name())) {
        check(planned, name, sizes, findings);
      }
    }
    compareSizes(sizes, findings);
  }

  private void check(
      TopicPlan.Topic planned, String name, Map<String, Integer> sizes, Findings findings) {
    String subject = "topic " + name;
    try {
      TopicState state = topics.describe(planned, name);
      compare(subject, planned, state, findings);
      String bytes = state.config().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
      if (bytes != null && !bytes.isEmpty()) {
        sizes.merge(planned.name(), Integer.parseInt(bytes), Math::max);
      }
    } catch (KafkaException e) {
      if (!(e.getCause() instanceof AuthorizationException)) {
        throw e;
      }
      findings.warning(
          subject,
          "cannot be checked: " + e.getMessage(),
          "have it granted, then run vmoe doctor again");
    }
  }

  private void compare(
      String subject, TopicPlan.Topic planned, TopicState state, Findings findings) {
    if (state.status() == PlanStatus.MISSING) {
      findings.failed(subject, "it does not exist", CREATE);
      return;
    }
    if (planned.name().equals(TopicPlan.CONFIG) && state.partitions() != 1) {
      findings.failed(
          subject,
          state.partitions() + " partitions; the order of all configurations needs exactly 1",
          "delete it, then " + CREATE);
      return;
    }
    List<String> differences = new ArrayList<>(state.differences());
    if (state.replicationFactor() == 1 && brokers > 1) {
      differences.add("one replica, which is lost with its broker");
    }
    if (differences.isEmpty()) {
      findings.ok(subject, (topics.isOwners(planned) ? "yours, " : "as planned, ") + state.size());
    } else {
      findings.warning(subject, String.join("; ", differences), ALTER);
    }
  }

  private void compareSizes(Map<String, Integer> sizes, Findings findings) {
    TopicLimits limits = TopicLimits.known(sizes);
    Topics names = Topics.of(settings);
    limits
        .predictionsProblem(names)
        .ifPresent(it -> findings.failed(RECORD_SIZES, it.what(), it.remedy()));
    limits
        .utilizationProblem(names, utilizationBytes)
        .ifPresent(it -> findings.warning(RECORD_SIZES, it.what(), it.remedy()));
    limits
        .deadLettersProblem(names)
        .ifPresent(it -> findings.warning(RECORD_SIZES, it.what(), it.remedy()));
  }
}
