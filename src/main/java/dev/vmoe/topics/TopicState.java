package dev.vmoe.topics;

import java.util.List;
import java.util.Map;

/**
 * A topic as the brokers have it, beside the plan.
 *
 * @param name full name
 * @param status how it stands to the plan
 * @param partitions its partitions; 0 if it is missing
 * @param replicationFactor replicas of its partitions; 0 if it is missing
 * @param config the settings that the plan names, as they are
 * @param differences what is not as planned, each as one sentence
 */
public record TopicState(
    String name,
    Status status,
    int partitions,
    int replicationFactor,
    Map<String, String> config,
    List<String> differences) {

  /** How a topic stands to the plan. */
  public enum Status {
    /** It was missing and has just been created. */
    CREATED,
    /** It was there, as planned. */
    AS_PLANNED,
    /** It was there and is not as planned; nothing was changed. */
    DIFFERENT,
    /** It is not there. */
    MISSING
  }

  /** Copies what is given. */
  public TopicState {
    config = Map.copyOf(config);
    differences = List.copyOf(differences);
  }

  /** Returns whether the application can rely on the topic. */
  public boolean isGood() {
    return status == Status.CREATED || status == Status.AS_PLANNED;
  }
}
