package dev.vmoe.streams.instance;

import dev.vmoe.streams.commit.OffsetNote;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Brokers;
import dev.vmoe.streams.topics.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/**
 * The schema ids that the group of an application left with its committed offsets, as they were
 * when the first were found. Used by one thread.
 */
final class LeftSchemas {

  private final Settings settings;
  private final List<String> images;
  private List<SchemaIds> notes = List.of();

  /** Asks nothing yet. */
  LeftSchemas(Settings settings) {
    this.settings = settings;
    this.images = Topics.of(settings).images();
  }

  /** Returns the fingerprint by which a schema is known. */
  static String fingerprint(String topic, Schema schema) {
    return SchemaIds.fingerprint(topic, schema.toString());
  }

  /**
   * Returns ids that a registry gave, by {@linkplain #fingerprint fingerprint}, without those of
   * which partitions have different ones.
   *
   * @param registryUrl address of the registry, without credentials
   * @throws KafkaException if the brokers do not answer
   */
  Map<String, Integer> ids(String registryUrl) {
    return agreed(notes().stream().filter(note -> note.isOf(registryUrl)).toList());
  }

  /** Returns the ids of notes, without those that differ. */
  static Map<String, Integer> agreed(List<SchemaIds> notes) {
    Map<String, Integer> ids = new HashMap<>();
    Set<String> doubtful = new HashSet<>();
    for (SchemaIds note : notes) {
      note.ids()
          .forEach(
              (fingerprint, id) -> {
                Integer other = ids.put(fingerprint, id);
                if (other != null && !other.equals(id)) {
                  doubtful.add(fingerprint);
                }
              });
    }
    ids.keySet().removeAll(doubtful);
    return ids;
  }

  /**
   * Returns the fingerprints of all schemas of which ids were left, whatever the registry.
   *
   * @throws KafkaException if the brokers do not answer
   */
  Set<String> fingerprints() {
    Set<String> fingerprints = new HashSet<>();
    notes().forEach(note -> fingerprints.addAll(note.ids().keySet()));
    return fingerprints;
  }

  /** Returns a note that was found, of whatever registry; without ids if there was none. */
  SchemaIds any() {
    return notes.isEmpty() ? SchemaIds.NONE : notes.get(0);
  }

  private List<SchemaIds> notes() {
    if (notes.isEmpty()) {
      notes = read();
    }
    return notes;
  }

  /** None where this user may not see them: the start says later which right is missing. */
  private List<SchemaIds> read() {
    try {
      return Brokers.ask(settings, this::committed).entrySet().stream()
          .filter(its -> its.getValue() != null && images.contains(its.getKey().topic()))
          .map(its -> OffsetNote.in(its.getValue().metadata()).schemas())
          .filter(note -> !note.ids().isEmpty())
          .toList();
    } catch (GroupIdNotFoundException | AuthorizationException e) {
      return List.of();
    }
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(Admin admin) {
    return Brokers.await(
        admin
            .listConsumerGroupOffsets(settings.getString(Settings.APPLICATION_ID))
            .partitionsToOffsetAndMetadata());
  }
}
