package dev.vmoe.streams.instance;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryClient.SchemaState;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaSource;
import dev.vmoe.event.WriterSchemas;
import dev.vmoe.streams.commit.OffsetNote;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topics.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an instance knows of the schema registry: the ids of its own schemas, and the schemas of
 * those who write images.
 *
 * <p>The start registers the own schemas. If the registry does not answer, the start goes on with
 * the ids that the group left with its offsets ({@link OffsetNote}), as long as they suffice to
 * write answers: the instance then does what it would do had it been running. Registering goes on
 * beside. Without these ids it could write no prediction, not even of a raw image; so the start
 * waits, and takes no partition from instances that can.
 *
 * <p>A registry that has none of the schemas although the group left ids of them has lost them.
 * With new ones there, old ids would mean something else, or nothing: good images would be dead
 * letters. So nothing is registered there unless {@link Settings#REGISTRY_ACCEPT_EMPTY} says so.
 */
public final class RegistrySchemas implements AutoCloseable {

  /** What helps where the registry lost schemas. */
  public static final String TO_DO =
      "restore them with the same ids, or set "
          + Settings.REGISTRY_ACCEPT_EMPTY
          + " = true; images of lost ids are dead letters then";

  private static final Logger log = LoggerFactory.getLogger(RegistrySchemas.class);

  private final Settings settings;
  private final RegistryClient registry;
  private final Duration pause;
  private final Map<String, Schema> own;
  private final WriterSchemas writers;
  private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
  private volatile SchemaIds ids = SchemaIds.NONE;
  private volatile @Nullable Thread beside;

  /** What the group left, as it was when the first was found; used by one thread at a time. */
  private List<SchemaIds> left = List.of();

  /**
   * Asks nothing yet.
   *
   * @param registry stays the caller's to close
   * @param pause time between two attempts to register
   */
  public RegistrySchemas(Settings settings, RegistryClient registry, Duration pause) {
    this.settings = settings;
    this.registry = registry;
    this.pause = pause;
    this.own = own(settings);
    this.writers = new WriterSchemas(registry, settings.registryWait());
  }

  /** Returns the schemas that an instance has in the registry, by topic. */
  public static Map<String, Schema> own(Settings settings) {
    Topics topics = Topics.of(settings);
    Map<String, Schema> schemas = new LinkedHashMap<>();
    topics.images().forEach(topic -> schemas.put(topic, ImageRequest.getClassSchema()));
    schemas.putAll(ofAnswers(settings));
    schemas.put(topics.config(), PipelineConfig.getClassSchema());
    return schemas;
  }

  /** Returns those without which no image can be answered; none if answers are JSON. */
  private static Map<String, Schema> ofAnswers(Settings settings) {
    Topics topics = Topics.of(settings);
    Map<String, Schema> schemas = new LinkedHashMap<>();
    if (EventFormat.of(settings) == EventFormat.AVRO) {
      schemas.put(topics.predictions(), Prediction.getClassSchema());
      schemas.put(topics.expertUtilization(), ExpertUtilization.getClassSchema());
    }
    return schemas;
  }

  /** Returns the schemas of those who write images. */
  SchemaSource writers() {
    return writers;
  }

  /** Returns the known ids of the own schemas, for whoever is next. */
  SchemaIds ids() {
    return ids;
  }

  /** Completed with the reason if the instance must not go on with the ids that it has. */
  CompletableFuture<Throwable> failed() {
    return failed;
  }

  /**
   * Waits until the registry answers, or the ids suffice that the group left.
   *
   * @param waiting told what is waited for; null once it is waited no more
   * @throws RegistryUnavailableException if the thread is interrupted
   * @throws dev.vmoe.event.SchemaRefusedException if the registry refuses a schema
   */
  void await(Consumer<@Nullable String> waiting) {
    new RegistryWait("the start", pause, waiting).until(this::registerOrRecall);
  }

  private void registerOrRecall() {
    try {
      register();
    } catch (RegistryUnavailableException.SchemasLost e) {
      throw e;
    } catch (RegistryUnavailableException e) {
      Map<String, Integer> recalled = recall().orElseThrow(() -> e);
      log.warn(
          "the start goes on without the schema registry: raw images and those of known schemas are"
              + " answered, others wait: {}",
          e.getMessage());
      beside = DaemonThread.start(() -> registerBeside(recalled), "vmoe-registration");
    }
  }

  private void register() {
    registry.askAnew();
    requireNoLoss();
    Map<String, Integer> registered = new HashMap<>();
    own.forEach(
        (topic, schema) ->
            registered.put(SchemaIds.fingerprint(topic, schema), registry.register(topic, schema)));
    ids = SchemaIds.of(registry.url(), registered);
  }

  private void registerBeside(Map<String, Integer> recalled) {
    try {
      new RegistryWait("the registration of schemas", pause, what -> {}).until(this::register);
    } catch (RuntimeException e) {
      if (!Thread.currentThread().isInterrupted()) {
        failed.complete(e);
      }
      return;
    }
    if (!ids.ids().entrySet().containsAll(recalled.entrySet())) {
      failed.complete(
          new PipelineException(
              "the schema registry has other ids of schemas than the group left, which answers have"
                  + " carried since this start: it is another one, or was not restored with the"
                  + " same ids; the next start takes its ids",
              null));
    }
  }

  /**
   * Takes over the ids that the group left, and returns them; nothing if they do not suffice to
   * write answers.
   */
  private Optional<Map<String, Integer>> recall() {
    Map<String, Integer> known;
    try {
      known = agreed(left().stream().filter(it -> it.isOf(registry.url())).toList());
    } catch (KafkaException e) {
      log.warn("the brokers do not say which schema ids the group left: {}", e.getMessage());
      return Optional.empty();
    }
    if (!known.keySet().containsAll(fingerprints(ofAnswers(settings)))) {
      return Optional.empty();
    }
    known.keySet().retainAll(fingerprints(own));
    own.forEach(
        (topic, schema) -> {
          Integer id = known.get(SchemaIds.fingerprint(topic, schema));
          if (id != null) {
            registry.know(topic, schema, id);
          }
        });
    if (!known.isEmpty()) {
      ids = SchemaIds.of(registry.url(), known);
    } else if (!left.isEmpty()) {
      ids = left.get(0); // of whatever registry: it must not be forgotten
    }
    return Optional.of(known);
  }

  private static Set<String> fingerprints(Map<String, Schema> schemas) {
    Set<String> fingerprints = new HashSet<>();
    schemas.forEach((topic, schema) -> fingerprints.add(SchemaIds.fingerprint(topic, schema)));
    return fingerprints;
  }

  /** Returns what partitions say, without the ids about which they differ. */
  static Map<String, Integer> agreed(List<SchemaIds> left) {
    Map<String, Set<Integer>> all = new HashMap<>();
    for (SchemaIds one : left) {
      one.ids().forEach((schema, id) -> all.computeIfAbsent(schema, it -> new HashSet<>()).add(id));
    }
    Map<String, Integer> agreed = new HashMap<>();
    all.forEach(
        (schema, ids) -> {
          if (ids.size() == 1) {
            agreed.put(schema, ids.iterator().next());
          }
        });
    return agreed;
  }

  private void requireNoLoss() {
    Optional<String> loss;
    try {
      loss = loss();
    } catch (KafkaException e) {
      throw new RegistryUnavailableException(
          "the schema registry at %s has no schemas of %s; whether it had some, the brokers do not say: %s"
              .formatted(
                  registry.url(), settings.getString(Settings.APPLICATION_ID), e.getMessage()),
          e);
    }
    if (loss.isPresent()) {
      throw new RegistryUnavailableException.SchemasLost(loss.get() + "; to do: " + TO_DO);
    }
  }

  /**
   * Returns what is wrong if the registry has lost the schemas of this application.
   *
   * @throws RegistryUnavailableException if the registry does not answer
   * @throws KafkaException if the brokers do not answer
   */
  public Optional<String> loss() {
    Map<String, Schema> ofInstances = new LinkedHashMap<>(own);
    // Senders of images register their schema, too: it says nothing.
    ofInstances.keySet().removeAll(Topics.of(settings).images());
    if (settings.getBoolean(Settings.REGISTRY_ACCEPT_EMPTY) || !hasNone(ofInstances)) {
      return Optional.empty();
    }
    Set<String> had = fingerprints(ofInstances);
    return left().stream().anyMatch(it -> it.ids().keySet().stream().anyMatch(had::contains))
        ? Optional.of(
            "the group %s has left ids of its schemas with its offsets, but the schema registry at %s has none of them: it lost them, or is another registry"
                .formatted(settings.getString(Settings.APPLICATION_ID), registry.url()))
        : Optional.empty();
  }

  private boolean hasNone(Map<String, Schema> schemas) {
    return schemas.entrySet().stream()
        .allMatch(it -> registry.status(it.getKey(), it.getValue()).state() == SchemaState.NEW);
  }

  /**
   * Returns the ids that the group left with its offsets; none where this user may not see them:
   * the start says later which right is missing.
   *
   * @throws KafkaException if the brokers do not answer
   */
  private List<SchemaIds> left() {
    if (!left.isEmpty()) {
      return left;
    }
    List<String> images = Topics.of(settings).images();
    try {
      left =
          Brokers.ask(settings, this::committed).entrySet().stream()
              .filter(it -> it.getValue() != null && images.contains(it.getKey().topic()))
              .map(it -> OffsetNote.in(it.getValue().metadata()).schemas())
              .filter(it -> !it.ids().isEmpty())
              .toList();
    } catch (GroupIdNotFoundException | AuthorizationException e) {
      return List.of();
    }
    return left;
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(Admin admin) {
    return Brokers.await(
        admin
            .listConsumerGroupOffsets(settings.getString(Settings.APPLICATION_ID))
            .partitionsToOffsetAndMetadata());
  }

  /** Asks no more. */
  @Override
  public void close() {
    Thread registering = beside;
    if (registering != null) {
      registering.interrupt();
    }
    writers.close();
  }
}
