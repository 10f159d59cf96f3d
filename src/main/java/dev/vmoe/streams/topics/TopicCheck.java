package dev.vmoe.streams.topics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks the topics before anything starts, to report what is missing in one sentence. */
public final class TopicCheck {

  private static final Duration LIMIT = Duration.ofSeconds(20);

  private static final Logger log = LoggerFactory.getLogger(TopicCheck.class);

  private final Topics topics;
  private final Duration limit;

  /** Creates a check. */
  public TopicCheck(Topics topics) {
    this(topics, LIMIT);
  }

  /** Creates a check that waits for another time for an answer. */
  TopicCheck(Topics topics, Duration limit) {
    this.topics = topics;
    this.limit = limit;
  }

  /**
   * Checks that all topics exist and may be used, and warns if one takes only records that are too
   * small.
   *
   * @param adminConfigs configuration of Kafka's admin client
   * @param imageMaxBytes assumed if the topics' limits may not be read
   * @return the largest records that the topics take
   * @throws PipelineException if a topic is missing or no broker answers
   */
  public TopicLimits limits(Map<String, Object> adminConfigs, int imageMaxBytes) {
    Map<String, Object> configs = new HashMap<>(adminConfigs);
    configs.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) limit.toMillis());
    configs.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) limit.toMillis() / 2);
    try (Admin admin = Admin.create(configs)) {
      requireAll(admin, String.valueOf(configs.get(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG)));
      return read(admin, imageMaxBytes);
    } catch (InterruptException e) {
      throw new PipelineException("interrupted while checking the topics", e);
    }
  }

  private void requireAll(Admin admin, String brokers) {
    List<String> missing = new ArrayList<>();
    List<String> denied = new ArrayList<>();
    for (Map.Entry<String, KafkaFuture<TopicDescription>> topic :
        admin
            .describeTopics(
                topics.all(), new DescribeTopicsOptions().includeAuthorizedOperations(true))
            .topicNameValues()
            .entrySet()) {
      try {
        TopicDescription description = Brokers.await(topic.getValue());
        requireOrder(description);
        denied(topic.getKey(), description).ifPresent(denied::add);
      } catch (TopicAuthorizationException e) {
        denied(topic.getKey(), null).ifPresent(denied::add);
      } catch (UnknownTopicOrPartitionException e) {
        missing.add(topic.getKey());
      } catch (InterruptException e) {
        throw e;
      } catch (RetriableException e) {
        throw new PipelineException(Brokers.unreachable(brokers, e.getMessage()), e);
      } catch (KafkaException e) {
        throw new PipelineException(
            ("the brokers at %s do not describe topic %s: %s. Check bootstrap.servers and"
                    + " the rights of this user")
                .formatted(brokers, topic.getKey(), e),
            e);
      }
    }
    if (!denied.isEmpty()) {
      throw new PipelineException(String.join("; ", denied), null);
    }
    if (!missing.isEmpty()) {
      throw new PipelineException(
          "missing on "
              + brokers
              + ": "
              + String.join(", ", missing)
              + "; create them with `vmoe topics create`",
          null);
    }
  }

  private void requireOrder(TopicDescription topic) {
    int partitions = topic.partitions().size();
    if (topic.name().equals(topics.config()) && partitions != 1) {
      throw new PipelineException(
          ("%s has %s partitions, but the order of all configurations needs exactly 1; delete"
                  + " it and create it with `vmoe topics create`")
              .formatted(topic.name(), partitions),
          null);
    }
  }

  /**
   * Returns a sentence about rights on a topic that this user lacks.
   *
   * @param description null if this user may not describe the topic
   */
  private Optional<String> denied(String topic, @Nullable TopicDescription description) {
    Set<AclOperation> needed = topics.operations(topic);
    Set<AclOperation> missing = description == null ? needed : MissingRight.of(description, needed);
    return missing.isEmpty() ? Optional.empty() : Optional.of(MissingRight.onTopic(topic, missing));
  }

  private TopicLimits read(Admin admin, int imageMaxBytes) {
    try {
      int images = 0;
      for (String topic : topics.images()) {
        images = Math.max(images, maxMessageBytes(admin, topic));
      }
      TopicLimits limits =
          new TopicLimits(
              images,
              maxMessageBytes(admin, topics.predictions()),
              maxMessageBytes(admin, topics.expertUtilization()),
              maxMessageBytes(admin, topics.deadLetters()));
      limits.deadLettersProblem(topics).map(Object::toString).ifPresent(log::warn);
      limits.predictionsProblem(topics).map(Object::toString).ifPresent(log::warn);
      warnOfLostConfigurations(admin);
      return limits;
    } catch (TopicAuthorizationException e) {
      log.warn(
          "the topics' size limits may not be read, so image.max.bytes is assumed: {}",
          MissingRight.onTopic(
              String.join(", ", e.unauthorizedTopics()), List.of(AclOperation.DESCRIBE_CONFIGS)));
      return TopicLimits.assumed(imageMaxBytes);
    } catch (InterruptException e) {
      throw e;
    } catch (KafkaException e) {
      throw new PipelineException("cannot read the topics' size limits: " + e, e);
    }
  }

  /** Warns if the broker may delete configurations that are still in force. */
  private void warnOfLostConfigurations(Admin admin) {
    Config config = config(admin, topics.config());
    String time = config.get(TopicConfig.RETENTION_MS_CONFIG).value();
    String bytes = config.get(TopicConfig.RETENTION_BYTES_CONFIG).value();
    String cleanup = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
    if (!time.equals("-1") || !bytes.equals("-1") || !cleanup.equals("delete")) {
      log.warn(
          "{} loses configurations (cleanup.policy={}, retention.ms={}, retention.bytes={}): an"
              + " instance that starts afterwards runs with its settings file; set delete, -1"
              + " and -1",
          topics.config(),
          cleanup,
          time,
          bytes);
    }
  }

  private static int maxMessageBytes(Admin admin, String topic) {
    return Integer.parseInt(config(admin, topic).get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).value());
  }

  private static Config config(Admin admin, String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try {
      return Objects.requireNonNull(
          Brokers.await(admin.describeConfigs(List.of(resource)).all()).get(resource));
    } catch (TopicAuthorizationException e) {
      throw new TopicAuthorizationException(Set.of(topic)); // the brokers do not say which
    }
  }
}
