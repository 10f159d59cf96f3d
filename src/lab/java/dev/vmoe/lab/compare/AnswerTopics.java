package dev.vmoe.lab.compare;

import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** Two topics of predictions, read side by side: what is committed in them now. */
public final class AnswerTopics implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(200);

  private final Consumer<byte[], byte[]> consumer;
  private final EventReader<Prediction> events;
  private final String a;
  private final String b;

  /**
   * The images that are compared, by their time: that of the image's record.
   *
   * @param from the first; null for the first that both topics may have
   * @param until all before; null for all there are
   * @param images ends after this many that both answered
   */
  public record Selection(@Nullable Instant from, @Nullable Instant until, long images) {}

  /**
   * Finds the topics' partitions.
   *
   * @param properties of Kafka's consumer, without a group
   * @param registry stays the caller's to close
   * @param a full name of the topic of one pipeline's predictions
   * @param b full name of the other's
   */
  public AnswerTopics(Map<String, Object> properties, RegistryClient registry, String a, String b) {
    this(CommittedConsumer.open(properties, List.of(a, b), true), registry, a, b);
  }

  AnswerTopics(Consumer<byte[], byte[]> consumer, RegistryClient registry, String a, String b) {
    this.consumer = consumer;
    this.events = new EventReader<>(registry, Prediction.class);
    this.a = a;
    this.b = b;
  }

  /**
   * Reads both topics up to their present ends into a comparison.
   *
   * @throws IllegalStateException if a record is no prediction
   */
  public void read(Selection selection, Comparison comparison) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    long from =
        selection.from() == null ? Math.max(begin(a), begin(b)) : selection.from().toEpochMilli();
    long until = selection.until() == null ? Long.MAX_VALUE : selection.until().toEpochMilli();
    seek(from, ends);
    while (comparison.both() < selection.images() && !ended(ends, consumer.assignment())) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        if (record.offset() < Objects.requireNonNull(ends.get(partition))
            && record.timestamp() >= from
            && record.timestamp() < until
            && comparison.both() < selection.images()) {
          add(record, comparison);
        }
      }
      holdBack(comparison, ends);
    }
  }

  private void add(ConsumerRecord<byte[], byte[]> record, Comparison comparison) {
    try {
      byte[] value = record.value();
      if (value == null) {
        throw new IllegalArgumentException("it has no value");
      }
      Prediction prediction = events.read(value);
      if (record.topic().equals(a)) {
        comparison.addA(prediction);
      } else {
        comparison.addB(prediction);
      }
    } catch (BadRecordException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "%s/%d/%d is no prediction: %s"
              .formatted(record.topic(), record.partition(), record.offset(), e.getMessage()),
          e);
    }
  }

  /** Returns the time of a topic's first record; 0 if it has none. */
  private long begin(String topic) {
    Map<TopicPartition, Long> all =
        partitions(topic).stream().collect(Collectors.toMap(it -> it, it -> 0L));
    return consumer.offsetsForTimes(all).values().stream()
        .filter(Objects::nonNull)
        .mapToLong(OffsetAndTimestamp::timestamp)
        .min()
        .orElse(0);
  }

  private void seek(long time, Map<TopicPartition, Long> ends) {
    Map<TopicPartition, Long> times =
        ends.keySet().stream().collect(Collectors.toMap(it -> it, it -> time));
    consumer
        .offsetsForTimes(times)
        .forEach(
            (partition, found) ->
                consumer.seek(
                    partition,
                    found == null ? Objects.requireNonNull(ends.get(partition)) : found.offset()));
  }

  private Set<TopicPartition> partitions(String topic) {
    return consumer.assignment().stream()
        .filter(it -> it.topic().equals(topic))
        .collect(Collectors.toSet());
  }

  private boolean ended(Map<TopicPartition, Long> ends, Set<TopicPartition> partitions) {
    return partitions.stream()
        .allMatch(it -> consumer.position(it) >= Objects.requireNonNull(ends.get(it)));
  }

  /** Lets the side that is far ahead wait until the other follows, or has ended. */
  private void holdBack(Comparison comparison, Map<TopicPartition, Long> ends) {
    int lead = comparison.lead();
    consumer.resume(consumer.paused());
    if (lead != 0 && !ended(ends, partitions(lead > 0 ? b : a))) {
      consumer.pause(partitions(lead > 0 ? a : b));
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
