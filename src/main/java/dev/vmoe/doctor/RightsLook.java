package dev.vmoe.doctor;

import dev.vmoe.settings.Settings;
import dev.vmoe.settings.TopicPlan;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * What this user may do, found by asking for descriptions alone: of topics and of groups that
 * exist, brokers say what is allowed; of transactional ids, whether they may be looked at.
 */
final class RightsLook {

  private static final String SUBJECT = "rights";
  private static final String ADVICE = "grant it (src/docs/security.md, Rights)";
  private static final Map<String, Set<AclOperation>> IMAGES =
      Map.of(
          TopicPlan.IMAGES, Set.of(AclOperation.READ),
          TopicPlan.PREDICTIONS, Set.of(AclOperation.WRITE),
          TopicPlan.EXPERT_UTILIZATION, Set.of(AclOperation.WRITE),
          TopicPlan.IMAGES_DLQ, Set.of(AclOperation.WRITE),
          TopicPlan.CONFIG, Set.of(AclOperation.READ));

  private static final Map<String, Set<AclOperation>> ROUTING_PROFILE =
      Map.of(
          TopicPlan.EXPERT_UTILIZATION, Set.of(AclOperation.READ),
          TopicPlan.ROUTING_PROFILE, Set.of(AclOperation.READ, AclOperation.WRITE));

  private static final String PROFILE_SUFFIX = "-routing-profile";

  private final Settings settings;
  private final Admin admin;
  private final boolean profile;

  RightsLook(Settings settings, Admin admin, boolean profile) {
    this.settings = settings;
    this.admin = admin;
    this.profile = profile;
  }

  void into(Findings findings) throws InterruptedException {
    String id = settings.getString(Settings.APPLICATION_ID);
    List<String> applications = profile ? List.of(id, id + PROFILE_SUFFIX) : List.of(id);
    List<String> lacks = lacks(id, IMAGES);
    lacks.forEach(lack -> findings.failed(SUBJECT, lack, ADVICE));
    if (profile) {
      List<String> profileLacks = lacks(id + PROFILE_SUFFIX, ROUTING_PROFILE);
      profileLacks.forEach(
          lack -> findings.warning(SUBJECT, lack + ": there will be no routing profile", ADVICE));
      lacks.addAll(profileLacks);
    }
    if (lacks.isEmpty()) {
      findings.ok(
          SUBJECT, "topics, and groups and transactional ids " + String.join(", ", applications));
    }
  }

  private List<String> lacks(String application, Map<String, Set<AclOperation>> topics)
      throws InterruptedException {
    List<String> lacks = new ArrayList<>();
    for (Map.Entry<String, Set<AclOperation>> topic : topics.entrySet()) {
      ofTopic(topic.getKey(), topic.getValue(), lacks);
    }
    ofGroup(application, lacks);
    ofTransactions(application + "-doctor", lacks);
    return lacks;
  }

  private void ofTopic(String name, Set<AclOperation> needed, List<String> lacks)
      throws InterruptedException {
    String topic = settings.topic(name);
    @Nullable KafkaFuture<TopicDescription> description =
        admin
            .describeTopics(
                List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues()
            .get(topic);
    try {
      require(
          "topic " + topic,
          needed,
          Objects.requireNonNull(description).get().authorizedOperations(),
          lacks);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        lacks.add("topic " + topic + ": " + needed + " is not allowed");
      } // that it is missing has been said
    }
  }

  private void ofGroup(String group, List<String> lacks) throws InterruptedException {
    @Nullable KafkaFuture<ConsumerGroupDescription> description =
        admin
            .describeConsumerGroups(
                List.of(group),
                new DescribeConsumerGroupsOptions().includeAuthorizedOperations(true))
            .describedGroups()
            .get(group);
    try {
      require(
          "group " + group,
          EnumSet.of(AclOperation.READ),
          Objects.requireNonNull(description).get().authorizedOperations(),
          lacks);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        lacks.add("group " + group + ": [READ] is not allowed");
      } // a group that nobody has joined yet, or of another protocol
    }
  }

  /** To write with an id is to be allowed to describe it, too. */
  private void ofTransactions(String id, List<String> lacks) throws InterruptedException {
    try {
      admin.describeTransactions(List.of(id)).description(id).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        lacks.add("transactional id " + id + ": [WRITE] is not allowed");
      } // there is none of this name, as expected
    }
  }

  private static void require(
      String what, Set<AclOperation> needed, Set<AclOperation> allowed, List<String> lacks) {
    if (allowed == null || allowed.contains(AclOperation.ALL)) {
      return; // brokers without access control say nothing
    }
    Set<AclOperation> missing = EnumSet.copyOf(needed);
    missing.removeAll(allowed);
    if (!missing.isEmpty()) {
      lacks.add(what + ": " + missing + " is not allowed");
    }
  }
}
