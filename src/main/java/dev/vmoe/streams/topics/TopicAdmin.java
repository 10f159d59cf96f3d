package dev.vmoe.streams.topics;

import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicState.PlanStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Creates the planned topics that are missing and compares the others with the plan. Never deletes,
 * shrinks or alters a topic; only reports differences. A topic whose name is set may have been
 * there before: its size and retention are its owner's.
 */
public final class TopicAdmin {

  private static final Duration VISIBLE_LIMIT = Duration.ofSeconds(10);
  private static final Duration VISIBLE_CHECK = Duration.ofMillis(50);

  private static final List<AclOperation> TO_DESCRIBE =
      List.of(AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS);
  private static final List<AclOperation> TO_CREATE =
      List.of(AclOperation.CREATE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS);

  /** What the owner of a topic of the user's own may have chosen; delivery does not need it. */
  private static final Set<String> OWNERS_CHOICE =
      Set.of(
          TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
          TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
          TopicConfig.RETENTION_MS_CONFIG);

  private final Admin admin;
  private final Settings settings;

  /** A topic as it is planned, under its full name. */
  private record NamedTopic(TopicPlan.Topic planned, String name) {}

  /**
   * Creates an administrator of the topics that have their names from these settings.
   *
   * @param admin closed by the caller
   */
  public TopicAdmin(Admin admin, Settings settings) {
    this.admin = admin;
    this.settings = settings;
  }

  private List<NamedTopic> named(TopicPlan plan) {
    return plan.topics().stream()
        .flatMap(
            topic ->
                settings.topics(topic.name()).stream().map(name -> new NamedTopic(topic, name)))
        .toList();
  }

  /**
   * Creates the topics that are missing. The others need no right to create them: they may be of
   * other teams.
   *
   * @return the state of each planned topic, in the plan's order
   * @throws KafkaException if the brokers do not answer or refuse
   */
  public List<TopicState> create(TopicPlan plan) {
    List<NamedTopic> topics = named(plan);
    Set<String> missing =
        compare(topics, Map.of()).stream()
            .filter(state -> state.status() == PlanStatus.MISSING)
            .map(TopicState::name)
            .collect(Collectors.toSet());
    Map<String, TopicState> created =
        create(topics.stream().filter(topic -> missing.contains(topic.name())).toList());
    awaitVisible(created.keySet());
    return compare(topics, created);
  }

  private Map<String, TopicState> create(List<NamedTopic> missing) {
    CreateTopicsResult result =
        admin.createTopics(
            missing.stream()
                .map(
                    topic ->
                        new NewTopic(
                                topic.name(),
                                Optional.of(topic.planned().partitions()),
                                topic.planned().replicationFactor() < 0
                                    ? Optional.empty()
                                    : Optional.of(topic.planned().replicationFactor()))
                            .configs(topic.planned().config()))
                .toList());
    Map<String, TopicState> created = new HashMap<>();
    for (NamedTopic topic : missing) {
      String name = topic.name();
      try {
        await(result.values().get(name));
        created.put(
            name,
            new TopicState(
                name,
                PlanStatus.CREATED,
                await(result.numPartitions(name)),
                await(result.replicationFactor(name)),
                topic.planned().config(),
                List.of()));
      } catch (TopicExistsException e) {
        // Somebody else was faster: it is compared with the plan.
      } catch (TopicAuthorizationException e) {
        throw new KafkaException(
            "topic " + name + " was not created: " + MissingRight.onTopic(name, TO_CREATE), e);
      } catch (KafkaException e) {
        throw new KafkaException("topic " + name + " was not created: " + e.getMessage(), e);
      }
    }
    return created;
  }

  /**
   * Waits until the brokers know the topics that the controller has created: a following command
   * could otherwise find them missing.
   */
  private void awaitVisible(Set<String> names) {
    long endNanos = System.nanoTime() + VISIBLE_LIMIT.toNanos();
    while (true) {
      try {
        await(admin.describeTopics(names).allTopicNames());
        return;
      } catch (TopicAuthorizationException e) {
        throw new KafkaException(
            "created, but not visible to this user: "
                + MissingRight.onTopic(String.join(", ", names), TO_DESCRIBE),
            e);
      } catch (UnknownTopicOrPartitionException e) {
        if (System.nanoTime() - endNanos > 0) {
          throw new KafkaException("created, but not known to the brokers yet: " + names, e);
        }
      }
      try {
        TimeUnit.MILLISECONDS.sleep(VISIBLE_CHECK.toMillis());
      } catch (InterruptedException e) {
        throw new InterruptException(e);
      }
    }
  }

  /**
   * Compares the topics with the plan.
   *
   * @return the state of each planned topic, in the plan's order
   * @throws KafkaException if the brokers do not answer or refuse
   */
  public List<TopicState> describe(TopicPlan plan) {
    return compare(named(plan), Map.of());
  }

  /**
   * Compares one topic with the plan.
   *
   * @param name full name
   * @throws KafkaException if the brokers do not answer or refuse
   */
  public TopicState describe(TopicPlan.Topic topic, String name) {
    return compare(List.of(new NamedTopic(topic, name)), Map.of()).get(0);
  }

  private List<TopicState> compare(List<NamedTopic> topics, Map<String, TopicState> created) {
    List<String> names =
        topics.stream().map(NamedTopic::name).filter(name -> !created.containsKey(name)).toList();
    Map<String, KafkaFuture<TopicDescription>> descriptions =
        admin.describeTopics(names).topicNameValues();
    Map<ConfigResource, KafkaFuture<Config>> configs =
        admin.describeConfigs(names.stream().map(TopicAdmin::resource).toList()).values();

    List<TopicState> states = new ArrayList<>();
    for (NamedTopic topic : topics) {
      String name = topic.name();
      TopicState state = created.get(name);
      if (state == null) {
        try {
          state = state(topic, await(descriptions.get(name)), await(configs.get(resource(name))));
        } catch (UnknownTopicOrPartitionException e) {
          state =
              new TopicState(
                  name, PlanStatus.MISSING, 0, 0, Map.of(), List.of("it does not exist"));
        } catch (TopicAuthorizationException e) {
          throw new KafkaException(MissingRight.onTopic(name, TO_DESCRIBE), e);
        }
      }
      states.add(state);
    }
    return states;
  }

  private static ConfigResource resource(String name) {
    return new ConfigResource(ConfigResource.Type.TOPIC, name);
  }

  /** Returns whether a topic may have been there before: the plan says only how to create it. */
  public boolean isOwners(TopicPlan.Topic planned) {
    return settings.setsTopic(planned.name()) && !planned.name().equals(TopicPlan.CONFIG);
  }

  private TopicState state(NamedTopic topic, TopicDescription description, Config config) {
    TopicPlan.Topic planned = topic.planned();
    boolean owners = isOwners(planned);
    List<String> differences = new ArrayList<>();
    int partitions = description.partitions().size();
    if (!owners && partitions != planned.partitions()) {
      differences.add("partitions: " + partitions + ", planned " + planned.partitions());
    }
    int replicas = description.partitions().get(0).replicas().size();
    int plannedReplicas = planned.replicationFactor();
    if (!owners && plannedReplicas > 0 && replicas != plannedReplicas) {
      differences.add("replication-factor: " + replicas + ", planned " + plannedReplicas);
    }
    Map<String, String> actual = new TreeMap<>();
    planned
        .config()
        .forEach(
            (key, value) -> {
              ConfigEntry entry = config.get(key);
              String there = entry == null || entry.value() == null ? "" : entry.value();
              actual.put(key, there);
              if (!there.equals(value) && !(owners && OWNERS_CHOICE.contains(key))) {
                differences.add(key + ": " + there + ", planned " + value);
              }
            });
    return new TopicState(
        topic.name(),
        differences.isEmpty() ? PlanStatus.AS_PLANNED : PlanStatus.DIFFERENT,
        partitions,
        replicas,
        actual,
        differences);
  }

  private static <T> T await(@Nullable KafkaFuture<T> future) {
    return Brokers.await(Objects.requireNonNull(future, "Kafka answered without this topic"));
  }
}
