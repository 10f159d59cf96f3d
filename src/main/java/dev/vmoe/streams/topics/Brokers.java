package dev.vmoe.streams.topics;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vmoe.streams.settings.Settings;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Queries to the brokers of which a person awaits the result. */
public final class Brokers {

  /** A person waits for the answer: shorter than Kafka's minute. */
  private static final int ANSWER_MS = 15_000;

  private Brokers() {}

  /**
   * Runs a query.
   *
   * @throws KafkaException if the brokers do not answer in time; the message names them
   */
  public static <T> T ask(Settings settings, Function<Admin, T> query) {
    // The exception says what is wrong; the warning of each attempt to connect would only repeat
    // it.
    Logger attempts = (Logger) LoggerFactory.getLogger("org.apache.kafka.clients.NetworkClient");
    Level before = attempts.getLevel();
    attempts.setLevel(Level.ERROR);
    try (Admin admin = Admin.create(properties(settings, ANSWER_MS))) {
      return query.apply(admin);
    } catch (TimeoutException e) {
      throw new KafkaException(
          unreachable(settings.getString(Settings.BOOTSTRAP_SERVERS), e.getMessage()), e);
    } finally {
      attempts.setLevel(before);
    }
  }

  /** Returns a sentence about brokers that do not answer, and what to do. */
  static String unreachable(String brokers, @Nullable String why) {
    return "no Kafka broker answered at "
        + brokers
        + " (bootstrap.servers): is it running there? "
        + why;
  }

  /**
   * Returns properties of an admin client that waits so long, unless the settings say otherwise.
   */
  public static Map<String, Object> properties(Settings settings, int answerMs) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, answerMs);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, answerMs);
    properties.putAll(settings.adminProperties());
    return properties;
  }

  /**
   * Checks that a topic exists and that this user may do these operations on it.
   *
   * @throws KafkaException if not, or if no broker answers; the message says what to do
   */
  public static void requireTopic(Settings settings, String topic, AclOperation... needed) {
    List<AclOperation> operations = List.of(needed);
    Set<AclOperation> missing =
        ask(settings, admin -> MissingRight.of(described(admin, topic, operations), operations));
    if (!missing.isEmpty()) {
      throw new KafkaException(MissingRight.onTopic(topic, missing));
    }
  }

  private static TopicDescription described(
      Admin admin, String topic, List<AclOperation> operations) {
    try {
      return await(MissingRight.described(admin, topic));
    } catch (UnknownTopicOrPartitionException e) {
      throw new KafkaException(
          "topic " + topic + " does not exist; `vmoe topics create` creates it", e);
    } catch (TopicAuthorizationException e) {
      throw new KafkaException(MissingRight.onTopic(topic, operations), e);
    }
  }

  /** Waits for an answer within the client's time limits; rethrows Kafka's own exception. */
  public static <T> T await(Future<T> answer) {
    try {
      return answer.get();
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e.getCause());
    }
  }
}
