package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaStanding.SchemaState;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.kafka.common.KafkaException;

/**
 * Notices a schema registry that has none of an application's schemas although they were
 * registered, before an instance registers its own there.
 *
 * <p>What a group commits says which schemas it had registered. With new ones in a registry that is
 * empty, old ids would mean something else, or nothing: good images would be dead letters. Used by
 * one thread.
 */
public final class LostSchemas {

  /** What helps. */
  public static final String TO_DO =
      "restore them with the same ids, or set "
          + Settings.REGISTRY_ACCEPT_EMPTY
          + " = true; images of lost ids are dead letters then";

  private final Settings settings;
  private final RegistryClient registry;
  private final LeftSchemas left;

  /** Looks at this registry; closed by the caller. */
  public LostSchemas(Settings settings, RegistryClient registry) {
    this(settings, registry, new LeftSchemas(settings));
  }

  LostSchemas(Settings settings, RegistryClient registry, LeftSchemas left) {
    this.settings = settings;
    this.registry = registry;
    this.left = left;
  }

  /**
   * Checks that the registry has not lost the schemas of this application.
   *
   * @throws RegistryUnavailableException.SchemasLost if it has
   * @throws RegistryUnavailableException if it does not answer, or brokers do not answer whether
   *     there were any: to be asked again
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
      throw new RegistryUnavailableException.SchemasLost(problem.get() + "; to do: " + TO_DO);
    }
  }

  /**
   * Returns what is wrong if the registry has lost the schemas of this application.
   *
   * @throws RegistryUnavailableException if the registry does not answer
   * @throws KafkaException if the brokers do not answer
   */
  public Optional<String> problem() {
    if (settings.getBoolean(Settings.REGISTRY_ACCEPT_EMPTY) || !hasNone() || !hadAny()) {
      return Optional.empty();
    }
    return Optional.of(
        "the group %s has left ids of its schemas with its offsets, but the schema registry at %s has none of them: it lost them, or is another registry"
            .formatted(settings.getString(Settings.APPLICATION_ID), registry.url()));
  }

  private boolean hasNone() {
    return ofInstances().entrySet().stream()
        .allMatch(
            its -> registry.standing(its.getKey(), its.getValue()).state() == SchemaState.NEW);
  }

  private boolean hadAny() {
    Set<String> had = left.fingerprints();
    return ofInstances().entrySet().stream()
        .anyMatch(its -> had.contains(LeftSchemas.fingerprint(its.getKey(), its.getValue())));
  }

  /** Senders of images register their schema, too: it says nothing. */
  private Map<String, Schema> ofInstances() {
    Map<String, Schema> schemas = OwnSchemas.of(settings);
    List<String> images = Topics.of(settings).images();
    schemas.keySet().removeAll(images);
    return schemas;
  }
}
