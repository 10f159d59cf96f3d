package dev.vmoe.streams.topics;

import java.util.List;
import java.util.Map;

/**
 * A topic as it is on the brokers, compared with the plan.
 *
 * @param name full name
 * @param status how it compares with the plan
 * @param partitions its partitions; 0 if it is missing
 * @param replicationFactor replicas of its partitions; 0 if it is missing
 * @param config actual values of the settings in the plan
 * @param differences from the plan, a sentence each
 */
public record TopicState(
    String name,
    PlanStatus status,
    int partitions,
    int replicationFactor,
    Map<String, String> config,
    List<String> differences) {

  /** How a topic compares with the plan. */
  public enum PlanStatus {
    /** It was missing and has just been created. */
    CREATED,
    /** It exists as planned. */
    AS_PLANNED,
    /** It exists and differs from the plan; nothing was changed. */
    DIFFERENT,
    /** It does not exist. */
    MISSING
  }

  /** Copies map and list. */
  public TopicState {
    config = Map.copyOf(config);
    differences = List.copyOf(differences);
  }

  /** Returns the numbers of partitions and replicas, for people. */
  public String size() {
    return "%d partition%s, %d replica%s"
        .formatted(
            partitions,
            partitions == 1 ? "" : "s",
            replicationFactor,
            replicationFactor == 1 ? "" : "s");
  }

  /** Returns whether the application can rely on the topic. */
  public boolean isGood() {
    return status == PlanStatus.CREATED || status == PlanStatus.AS_PLANNED;
  }
}
