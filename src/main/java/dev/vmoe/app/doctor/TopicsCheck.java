package dev.vmoe.app.doctor;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topics.TopicPlan;
import dev.vmoe.streams.topics.TopicState;
import dev.vmoe.streams.topics.TopicState.PlanStatus;
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
    Map<String, Long> sizes = new TreeMap<>();
    for (TopicPlan.Topic planned : TopicPlan.load().topics()) {
      for (String name : settings.topics(planned.name())) {
        check(planned, name, sizes, findings);
      }
    }
    compareSizes(sizes, findings);
  }

  private void check(
      TopicPlan.Topic planned, String name, Map<String, Long> sizes, Findings findings) {
    String subject = "topic " + name;
    try {
      TopicState state = topics.describe(planned, name);
      compare(subject, planned, state, findings);
      String bytes = state.config().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
      if (bytes != null && !bytes.isEmpty()) {
        sizes.merge(planned.name(), Long.parseLong(bytes), Math::max);
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

  private void compareSizes(Map<String, Long> sizes, Findings findings) {
    Long predictions = sizes.get(TopicPlan.PREDICTIONS);
    if (predictions != null && predictions < TopicPlan.MIN_PREDICTION_BYTES) {
      findings.failed(
          "record sizes",
          TopicLimits.predictionsTooSmall(settings.topic(TopicPlan.PREDICTIONS), predictions),
          TopicLimits.RAISE_PREDICTIONS);
    }
    Long utilization = sizes.get(TopicPlan.EXPERT_UTILIZATION);
    if (utilization != null && utilization < utilizationBytes) {
      findings.warning(
          "record sizes",
          TopicLimits.utilizationTooSmall(
              settings.topic(TopicPlan.EXPERT_UTILIZATION), utilization, utilizationBytes),
          TopicLimits.RAISE_UTILIZATION);
    }
    Long images = sizes.get(TopicPlan.IMAGES);
    Long letters = sizes.get(TopicPlan.IMAGES_DLQ);
    if (images != null && letters != null && letters <= images) {
      findings.warning(
          "record sizes",
          TopicLimits.deadLettersTooSmall(
              String.join(" or ", settings.topics(TopicPlan.IMAGES)),
              images,
              settings.topic(TopicPlan.IMAGES_DLQ),
              letters),
          TopicLimits.RAISE_DEAD_LETTERS);
    }
  }
}
