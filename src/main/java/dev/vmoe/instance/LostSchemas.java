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
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * Notices a schema registry that has lost its schemas, before an instance registers its own there.
 *
 * <p>Every start registers them. So where a group has committed offsets, and the registry has none
 * of the schemas that only its instances register, the registry is empty or another one. With new
 * schemas in it, old ids would mean something else, or nothing: good images would be dead letters.
 */
public final class LostSchemas {

  /** What helps. */
  public static final String TO_DO =
      "restore them with the same ids, or set "
          + Settings.REGISTRY_ACCEPT_EMPTY
          + " = true; images of lost ids are dead letters then";

  private LostSchemas() {}

  /**
   * Checks that the registry has not lost the schemas of this application.
   *
   * @return true
   * @throws RegistryUnavailableException if it has, or does not answer
   * @throws org.apache.kafka.common.KafkaException if the brokers do not answer
   */
  static boolean requireNone(Settings settings, RegistryClient registry) {
    problem(settings, registry)
        .ifPresent(
            problem -> {
              throw new RegistryUnavailableException(problem + "; to do: " + TO_DO, null);
            });
    return true;
  }

  /**
   * Returns what is wrong if the registry has lost the schemas of this application.
   *
   * @throws RegistryUnavailableException if the registry does not answer
   * @throws org.apache.kafka.common.KafkaException if the brokers do not answer
   */
  public static Optional<String> problem(Settings settings, RegistryClient registry) {
    if (settings.getBoolean(Settings.REGISTRY_ACCEPT_EMPTY)) {
      return Optional.empty();
    }
    List<String> images = Topics.of(settings).images(); // their senders register schemas, too
    boolean none =
        OwnSchemas.of(settings).entrySet().stream()
            .filter(its -> !images.contains(its.getKey()))
            .allMatch(
                its -> registry.standing(its.getKey(), its.getValue()).state() == SchemaState.NEW);
    return none && hasAnswered(settings, images)
        ? Optional.of(
            "the schema registry at %s has none of the schemas of %s, which has answered images before: it has lost them"
                .formatted(registry.url(), settings.getString(Settings.APPLICATION_ID)))
        : Optional.empty();
  }

  private static boolean hasAnswered(Settings settings, List<String> images) {
    try {
      return Brokers.ask(settings, admin -> committed(admin, settings)).entrySet().stream()
          .anyMatch(its -> its.getValue() != null && images.contains(its.getKey().topic()));
    } catch (GroupIdNotFoundException e) {
      return false;
    } catch (AuthorizationException e) {
      return false; // the start says later which right is missing
    }
  }

  private static Map<TopicPartition, OffsetAndMetadata> committed(Admin admin, Settings settings) {
    return Brokers.await(
        admin
            .listConsumerGroupOffsets(settings.getString(Settings.APPLICATION_ID))
            .partitionsToOffsetAndMetadata());
  }
}
