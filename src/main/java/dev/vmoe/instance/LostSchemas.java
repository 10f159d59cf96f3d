package dev.vmoe.instance;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaStanding.SchemaState;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.Brokers;
import dev.vmoe.topics.Topics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Notices a schema registry that has none of an application's schemas although the application has
 * answered images, before an instance registers its own there.
 *
 * <p>Every start registers them. So where a group has committed offsets, and the registry has none
 * of the schemas that only its instances register, the registry is empty or another one. With new
 * schemas in it, old ids would mean something else, or nothing: good images would be dead letters.
 * Used by one thread.
 */
public final class LostSchemas {

  /** What helps. */
  public static final String TO_DO =
      "restore them with the same ids, or set "
          + Settings.REGISTRY_ACCEPT_EMPTY
          + " = true; images of lost ids are dead letters then";

  private final Settings settings;
  private final RegistryClient registry;
  private final List<String> images;
  private boolean committed;

  /** Looks at this registry; closed by the caller. */
  public LostSchemas(Settings settings, RegistryClient registry) {
    this.settings = settings;
    this.registry = registry;
    this.images = Topics.of(settings).images();
  }

  /**
   * Checks that the registry has not lost the schemas of this application.
   *
   * @throws RegistryUnavailableException if it has or does not answer, or brokers do not answer
   *     whether there were any: to be asked again
   */
  void requireNone() {
    Optional<String> problem;
    try {
      problem = problem();
    } catch (KafkaException e) {
      throw new RegistryUnavailableException(
          "the schema registry at %s has no schemas of %s; whether it had some, the brokers do not say: %s"
              .formatted(
                  registry.url(), settings.getString(Settings.APPLICATION_ID), e.getMessage()),
          e);
    }
    if (problem.isPresent()) {
      throw new RegistryUnavailableException(problem.get() + "; to do: " + TO_DO, null);
    }
  }

  /**
   * Returns what is wrong if the registry has lost the schemas of this application.
   *
   * @throws RegistryUnavailableException if the registry does not answer
   * @throws KafkaException if the brokers do not answer
   */
  public Optional<String> problem() {
    if (settings.getBoolean(Settings.REGISTRY_ACCEPT_EMPTY) || !hasNone() || !hasCommitted()) {
      return Optional.empty();
    }
    return Optional.of(
        "the group %s has committed offsets, but the schema registry at %s has none of its schemas: it lost them, or is another registry"
            .formatted(settings.getString(Settings.APPLICATION_ID), registry.url()));
  }

  /** Senders of images register their schema, too: it says nothing. */
  private boolean hasNone() {
    return OwnSchemas.of(settings).entrySet().stream()
        .filter(its -> !images.contains(its.getKey()))
        .allMatch(
            its -> registry.standing(its.getKey(), its.getValue()).state() == SchemaState.NEW);
  }

  /** Asked once more only where it had not: nobody takes offsets back while it waits. */
  private boolean hasCommitted() {
    try {
      committed =
          committed
              || Brokers.ask(settings, this::offsets).entrySet().stream()
                  .anyMatch(its -> its.getValue() != null && images.contains(its.getKey().topic()));
    } catch (GroupIdNotFoundException | AuthorizationException e) {
      return false; // the start says later which right is missing
    }
    return committed;
  }

  private Map<TopicPartition, OffsetAndMetadata> offsets(Admin admin) {
    return Brokers.await(
        admin
            .listConsumerGroupOffsets(settings.getString(Settings.APPLICATION_ID))
            .partitionsToOffsetAndMetadata());
  }
}
