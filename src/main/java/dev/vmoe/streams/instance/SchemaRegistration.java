package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the schemas of an application at the start.
 *
 * <p>If the registry does not answer, the start goes on with the ids that the group left with its
 * offsets, as long as they suffice to write answers: an instance that is started then does what it
 * would do had it been running. Registering goes on beside. Without these ids it could write no
 * prediction, not even of a raw image; so the start waits, and takes no partition from instances
 * that can.
 */
final class SchemaRegistration implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(SchemaRegistration.class);

  private final Settings settings;
  private final RegistryClient registry;
  private final LostSchemas lost;
  private final LeftSchemas left;
  private final Duration pause;
  private final Map<String, Schema> schemas;
  private final CompletableFuture<Throwable> failed = new CompletableFuture<>();
  private volatile SchemaIds note = SchemaIds.NONE;
  private volatile @Nullable Thread beside;

  /**
   * Creates a registration that has asked nothing yet.
   *
   * @param registry stays the caller's to close
   * @param pause time between two attempts
   */
  SchemaRegistration(Settings settings, RegistryClient registry, Duration pause) {
    this.settings = settings;
    this.registry = registry;
    this.left = new LeftSchemas(settings);
    this.lost = new LostSchemas(settings, registry, left);
    this.pause = pause;
    this.schemas = OwnSchemas.of(settings);
  }

  /** Returns what is known of the schemas, for whoever is next. */
  SchemaIds note() {
    return note;
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
    lost.requireNone();
    Map<String, Integer> ids = new HashMap<>();
    schemas.forEach(
        (topic, schema) ->
            ids.put(LeftSchemas.fingerprint(topic, schema), registry.register(topic, schema)));
    note = SchemaIds.of(registry.url(), ids);
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
    if (!note.ids().entrySet().containsAll(recalled.entrySet())) {
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
    Map<String, Integer> leftIds;
    try {
      leftIds = left.ids(registry.url());
    } catch (KafkaException e) {
      log.warn("the brokers do not say which schema ids the group left: {}", e.getMessage());
      return Optional.empty();
    }
    if (!OwnSchemas.ofAnswers(settings).entrySet().stream()
        .allMatch(
            its -> leftIds.containsKey(LeftSchemas.fingerprint(its.getKey(), its.getValue())))) {
      return Optional.empty();
    }
    Map<String, Integer> ids = new HashMap<>();
    schemas.forEach(
        (topic, schema) -> {
          String fingerprint = LeftSchemas.fingerprint(topic, schema);
          Integer id = leftIds.get(fingerprint);
          if (id != null) {
            registry.know(topic, schema, id);
            ids.put(fingerprint, id);
          }
        });
    note = ids.isEmpty() ? left.any() : SchemaIds.of(registry.url(), ids);
    return Optional.of(ids);
  }

  /** Stops registering. */
  @Override
  public void close() {
    Thread asking = beside;
    if (asking != null) {
      asking.interrupt();
    }
  }
}
