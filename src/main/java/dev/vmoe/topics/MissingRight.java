package dev.vmoe.topics;

import java.util.Arrays;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.jspecify.annotations.Nullable;

/**
 * What the brokers' access control lists deny, in words that say what to allow; {@code
 * src/docs/security.md} lists what each user needs.
 */
public final class MissingRight {

  private static final String LIST = " (src/docs/security.md lists what each user needs)";

  private MissingRight() {}

  /** Returns which of these operations the user who asked for the description may not do. */
  public static Set<AclOperation> of(TopicDescription topic, Collection<AclOperation> needed) {
    return of(topic.authorizedOperations(), needed);
  }

  /**
   * Returns which of these operations a description does not list.
   *
   * @param allowed what it lists; null where brokers do not say
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

  /** Returns a sentence about a topic. */
  public static String onTopic(String topic, Collection<AclOperation> operations) {
    return sentence("topic " + topic, operations);
  }

  /** Returns a sentence about a consumer group, which is read. */
  public static String onGroup(String group) {
    return sentence("group " + group, List.of(AclOperation.READ));
  }

  /** Returns a sentence about a transactional id. */
  public static String onTransactionalId(String id) {
    return sentence("transactional id " + id, List.of(AclOperation.WRITE));
  }

  /**
   * Returns a sentence about the right that this failure is due to, if it is due to one.
   *
   * @param operations on topics, of which one is missing
   * @param applicationId of the streams, with which their transactional ids begin
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

  /** Where topics are created, the answer does not say which it refuses: those of the streams. */
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

  /** Returns an operation as {@code kafka-acls.sh} and the documentation write it. */
  static String name(AclOperation operation) {
    return Arrays.stream(operation.name().split("_"))
        .map(word -> word.charAt(0) + word.substring(1).toLowerCase(Locale.ROOT))
        .collect(Collectors.joining());
  }
}
