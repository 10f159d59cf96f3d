package dev.vmoe.streams.config;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.MissingRight;
import dev.vmoe.streams.topics.TopicPlan;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes the next configuration, or nothing if another writer has written one in the meantime.
 *
 * <p>Kafka has no "append if the log ends here". Two things stand in for it. All writers of one
 * topic have the same transactional id, so of two that overlap, the one that began first is fenced
 * and cannot commit. And the record's own offset is known before its transaction is committed: if
 * it is not the end that was read at the beginning, a producer of another kind has come between,
 * and the transaction is aborted.
 */
public final class ConfigWriter {

  /** The offset of a record that is not written yet. */
  private static final long NO_OFFSET = -1;

  /** Gives a setting back to the settings file, as an empty text does. */
  private static final String DEFAULT = "default";

  /** A person waits. */
  private static final Duration LIMIT = Duration.ofSeconds(15);

  private final Settings settings;
  private final AvroSerializer<PipelineConfig> serializer;
  private final ConfigReader reader;
  private final Function<ConfigEntry, LiveSettings> check;
  private final TopicPartition partition;

  /**
   * What was written.
   *
   * @param offset the record's offset, its version
   * @param before what was in force
   * @param after what is in force with it
   */
  public record Written(long offset, LiveSettings before, LiveSettings after) {

    /** Returns one line about it. */
    public String toLine() {
      return "configuration " + offset + ": " + String.join(", ", after.differencesFrom(before));
    }
  }

  /**
   * What a change is made to.
   *
   * @param lastOffset of the last record of the topic, one that was refused included; null where
   *     there was none
   * @param version of the settings in force; null for the settings file
   * @param inForce what the record in force sets, by setting
   */
  public record Seen(
      @Nullable Long lastOffset, @Nullable Long version, Map<String, String> inForce) {

    /** Copies the map. */
    public Seen {
      inForce = Map.copyOf(inForce);
    }

    /** Returns what is seen where this record is in force; null for the settings file. */
    static Seen of(@Nullable Long lastOffset, @Nullable ConfigEntry inForce) {
      return inForce == null
          ? new Seen(lastOffset, null, Map.of())
          : new Seen(lastOffset, inForce.requireSettings().version(), inForce.overrides());
    }
  }

  /**
   * Returns a change of some settings; the others stay as they are.
   *
   * @param wanted new value by setting, as the settings write it; an empty text, or {@code
   *     default}, gives the setting back to the settings file
   * @throws IllegalArgumentException if a key or value is wrong by itself
   */
  public static UnaryOperator<Map<String, String>> changeTo(Map<String, String> wanted) {
    Map<String, String> canonical = new HashMap<>();
    wanted.forEach(
        (key, value) -> {
          LiveSettings.requireKey(key);
          boolean given = !value.isEmpty() && !value.equals(DEFAULT);
          canonical.put(key, given ? LiveSettings.canonical(key, value) : "");
        });
    return inForce -> {
      inForce.putAll(canonical);
      inForce.values().removeIf(String::isEmpty);
      return inForce;
    };
  }

  /**
   * Creates a writer.
   *
   * @param settings where the topic is, and what the record lies over
   * @param registry stays the caller's to close
   * @param reader checks what is to be written
   * @param check tries the record that a change is made to, and the changed one: see {@link
   *     ConfigHistory#tried}
   */
  public ConfigWriter(
      Settings settings,
      RegistryClient registry,
      ConfigReader reader,
      Function<ConfigEntry, LiveSettings> check) {
    this.settings = settings;
    this.serializer = new AvroSerializer<>(registry);
    this.reader = reader;
    this.check = check;
    this.partition = new TopicPartition(settings.topic(TopicPlan.CONFIG), 0);
  }

  /**
   * Changes what the record sets that instances have in force.
   *
   * @param edit returns the new overrides for those in force, by setting
   * @return what was written; empty if the edit changes nothing
   * @throws IllegalArgumentException if the outcome is not valid
   * @throws ConfigConflictException if another writer wrote in the meantime
   */
  public Optional<Written> edit(
      UnaryOperator<Map<String, String>> edit, @Nullable String author, @Nullable String note) {
    return append(history -> edited(inForce(history), edit, author, note));
  }

  /**
   * Changes what an instance has in force, if nothing has been written since it was asked. Records
   * that the instance refused are left out, even if this writer would accept them.
   *
   * @param edit returns the new overrides for those in force, by setting
   * @return what was written; empty if the edit changes nothing
   * @throws IllegalArgumentException if the outcome is not valid
   * @throws ConfigConflictException if another writer has written since, or meanwhile
   */
  public Optional<Written> editSeen(
      Seen seen,
      UnaryOperator<Map<String, String>> edit,
      @Nullable String author,
      @Nullable String note) {
    return append(
        history -> {
          Long last = offset(history);
          if (last != null && (seen.lastOffset() == null || last > seen.lastOffset())) {
            throw new ConfigConflictException(
                ("record %d has been written by now, which was not seen, so nothing was written;"
                        + " look at it and try again")
                    .formatted(last),
                null);
          }
          return edited(seen, edit, author, note);
        });
  }

  private Seen inForce(ConfigHistory history) {
    return Seen.of(offset(history), history.tried(check).inForce().orElse(null));
  }

  private static @Nullable Long offset(ConfigHistory history) {
    return history.newest().map(ConfigEntry::offset).orElse(null);
  }

  private @Nullable Draft edited(
      Seen seen,
      UnaryOperator<Map<String, String>> edit,
      @Nullable String author,
      @Nullable String note) {
    requireOneLine("author", author);
    requireOneLine("note", note);
    Map<String, String> overrides = edit.apply(new HashMap<>(seen.inForce()));
    LiveSettings settings = reader.settings(overrides, null); // refused before instances refuse it
    if (overrides.equals(seen.inForce())) {
      return null;
    }
    LiveSettings unused =
        check.apply(new ConfigEntry(NO_OFFSET, 0, overrides, author, note, settings, null));
    byte[] value =
        serializer.serialize(partition.topic(), ConfigReader.record(overrides, author, note));
    return new Draft(seen, overrides, new ProducerRecord<>(partition.topic(), 0, null, value));
  }

  /**
   * Returns everything to the settings file.
   *
   * @return what was written; empty if nothing but the settings file is in force
   * @throws ConfigConflictException if another writer wrote in the meantime
   */
  public Optional<Written> reset(@Nullable String author, @Nullable String note) {
    return append(
        history -> {
          requireOneLine("author", author);
          requireOneLine("note", note);
          Seen seen = inForce(history);
          if (seen.inForce().isEmpty()) {
            return null;
          }
          ProducerRecord<byte[], byte[]> record =
              new ProducerRecord<>(partition.topic(), 0, null, null);
          addHeader(record, ConfigReader.AUTHOR, author);
          addHeader(record, ConfigReader.NOTE, note);
          return new Draft(seen, Map.of(), record);
        });
  }

  private static void addHeader(
      ProducerRecord<byte[], byte[]> record, String name, @Nullable String text) {
    if (text != null) {
      record.headers().add(name, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private record Draft(
      Seen seen, Map<String, String> overrides, ProducerRecord<byte[], byte[]> record) {}

  @FunctionalInterface
  private interface Drafting {
    @Nullable Draft draft(ConfigHistory history);
  }

  private static void requireOneLine(String name, @Nullable String text) {
    if (text != null && !OneLine.is(text)) {
      throw new IllegalArgumentException(name + " has line breaks or control characters");
    }
  }

  private Optional<Written> append(Drafting drafting) {
    try (Producer<byte[], byte[]> producer = producer()) {
      producer.initTransactions(); // fences all writers that began before
      long end = end();
      Draft draft = drafting.draft(history(end));
      if (draft == null) {
        return Optional.empty();
      }
      long offset = commit(producer, draft.record(), end);
      return Optional.of(
          new Written(
              offset,
              reader.settings(draft.seen().inForce(), draft.seen().version()),
              reader.settings(draft.overrides(), offset)));
    } catch (TransactionalIdAuthorizationException e) {
      throw new KafkaException(MissingRight.onTransactionalId(transactionalId()), e);
    } catch (TopicAuthorizationException e) {
      throw new KafkaException(
          MissingRight.onTopic(partition.topic(), List.of(AclOperation.READ, AclOperation.WRITE)),
          e);
    } catch (KafkaException e) {
      throw explained(e);
    }
  }

  private ConfigHistory history(long end) {
    try (ConfigLog log = ConfigLog.of(settings)) {
      return log.history(end, LIMIT, reader);
    }
  }

  private Producer<byte[], byte[]> producer() {
    Map<String, Object> properties = new HashMap<>(settings.producerProperties());
    properties.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId());
    properties.put(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, (int) LIMIT.toMillis());
    properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, LIMIT.toMillis());
    properties.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) LIMIT.toMillis() / 2);
    properties.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) LIMIT.toMillis());
    properties.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    return new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private String transactionalId() {
    return partition.topic() + "-writer";
  }

  /** Returns where the topic ends, records of open transactions included. */
  private long end() {
    try (Admin admin = Admin.create(settings.adminProperties())) {
      return Brokers.await(
              admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition))
          .offset();
    }
  }

  private long commit(
      Producer<byte[], byte[]> producer, ProducerRecord<byte[], byte[]> record, long end) {
    producer.beginTransaction();
    long offset = Brokers.await(producer.send(record)).offset();
    if (offset != end) {
      producer.abortTransaction();
      throw new ConfigConflictException(conflict(), null);
    }
    producer.commitTransaction();
    return offset;
  }

  private RuntimeException explained(KafkaException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProducerFencedException
          || cause instanceof InvalidProducerEpochException) {
        return new ConfigConflictException(conflict(), e);
      }
    }
    return e;
  }

  private String conflict() {
    return "somebody else wrote to "
        + partition.topic()
        + " at the same time, so nothing was written; look at `vmoe config show` and try again";
  }
}
