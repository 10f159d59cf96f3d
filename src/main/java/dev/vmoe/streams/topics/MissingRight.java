package dev.vmoe.streams.topics;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * Finds operations that the brokers' access control lists deny, and says what to allow; {@code
 * src/docs/security.md} lists what each user needs.
 */
public final class MissingRight {

  private static final String LIST = " (src/docs/security.md lists what each user needs)";

  private MissingRight() {}

  /** Asks for a topic's description, with the operations that this user may do on it. */
  public static KafkaFuture<TopicDescription> described(Admin admin, String topic) {
    return Objects.requireNonNull(
        admin
            .describeTopics(
                List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues()
            .get(topic));
  }

  /** Returns the operations that the user who asked for the description may not do. */
  public static Set<AclOperation> of(TopicDescription topic, Collection<AclOperation> needed) {
    return of(topic.authorizedOperations(), needed);
  }

  /**
   * Returns the needed operations that are not allowed.
   *
   * @param allowed operations that a description lists; null if the brokers do not say
   */
  public static Set<AclOperation> of(
      @Nullable Set<AclOperation> allowed, Collection<AclOperation> needed) {
    Set<AclOperation> missing = EnumSet.noneOf(AclOperation.class);
    if (allowed != null) {
      missing.addAll(needed);
      missing.removeAll(allowed);
    }
    return missing;
  }

  /** Returns a sentence about operations on a topic. */
  public static String onTopic(String topic, Collection<AclOperation> operations) {
    return sentence("topic " + topic, operations);
  }

  /** Returns a sentence about reading as a consumer group. */
  public static String onGroup(String group) {
    return sentence("group " + group, List.of(AclOperation.READ));
  }

  /** Returns a sentence about writing with a transactional id. */
  public static String onTransactionalId(String id) {
    return sentence("transactional id " + id, List.of(AclOperation.WRITE));
  }

  /**
   * Returns a sentence about the missing right that caused a failure; empty if another cause.
   *
   * @param operations on topics of which one was denied
   * @param applicationId prefix of the transactional ids and internal topics of Kafka Streams
   */
  public static Optional<String> in(
      Throwable failure, Collection<AclOperation> operations, String applicationId) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TopicAuthorizationException topics) {
        return Optional.of(onTopic(names(topics, applicationId), operations));
      }
      if (cause instanceof GroupAuthorizationException group) {
        return Optional.of(onGroup(group.groupId()));
      }
      if (cause instanceof TransactionalIdAuthorizationException) {
        return Optional.of(onTransactionalId(applicationId + "-*"));
      }
      if (cause instanceof ClusterAuthorizationException) {
        return Optional.of(sentence("the cluster", List.of(AclOperation.IDEMPOTENT_WRITE)));
      }
    }
    return Optional.empty();
  }

  /** A refusal to create topics names none; they are the internal ones of Kafka Streams. */
  private static String names(TopicAuthorizationException topics, String applicationId) {
    return topics.unauthorizedTopics().isEmpty()
        ? applicationId + "-*"
        : String.join(", ", topics.unauthorizedTopics());
  }

  private static String sentence(String resource, Collection<AclOperation> operations) {
    return "this user lacks a right: allow it "
        + operations.stream().map(MissingRight::name).collect(Collectors.joining(" and "))
        + " on "
        + resource
        + LIST;
  }

  /** Returns the name of an operation in {@code kafka-acls.sh} and the documentation. */
  static String name(AclOperation operation) {
    return Arrays.stream(operation.name().split("_"))
        .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
        .collect(Collectors.joining());
  }
}
