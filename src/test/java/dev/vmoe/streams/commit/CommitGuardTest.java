package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.streams.commit.OffsetNote.Committer;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class CommitGuardTest {

  private static final TopicPartition ZERO = new TopicPartition("images", 0);
  private static final TopicPartition ONE = new TopicPartition("images", 1);

  private static final Committer BY =
      new Committer("app-1", "8c1f90d4-5a5f-4a55-9d4f-9f3f2a9c1e00");

  /** What is committed where only the committer is known. */
  private static final String METADATA =
      new OffsetNote(OffsetNote.Owner.UNKNOWN, BY, SchemaIds.NONE).behind("time");

  private final AbandonedTransactions abandoned =
      new AbandonedTransactions(
          () -> {
            throw new KafkaException("no brokers here");
          },
          "app",
          Duration.ZERO);

  private final CommitGuard guard = guard(new Suspects(0), SchemaIds.NONE);

  private CommitGuard guard(Suspects suspects, SchemaIds schemas) {
    return new CommitGuard(Duration.ofSeconds(2), suspects, () -> schemas, abandoned);
  }

  @Test
  void shouldCommitNoOffsetBeyondTheFirstThatIsPending() {
    PartitionQueue queue = guard.queues().open(ZERO);
    QueuedRecord three = QueueRecords.addBatched(queue, QueueRecords.at(3));
    QueuedRecord five = QueueRecords.addBatched(queue, QueueRecords.at(5));

    assertThat(guard.guarded(wanted(9), BY))
        .containsEntry(ZERO, new OffsetAndMetadata(3, Optional.empty(), METADATA))
        .containsEntry(ONE, new OffsetAndMetadata(9, Optional.of(4), METADATA));
    QueueRecords.emit(queue, three);
    assertThat(guard.guarded(wanted(9), BY).get(ZERO).offset()).isEqualTo(5);
    QueueRecords.emit(queue, five);
    assertThat(guard.guarded(wanted(9), BY).get(ZERO).offset()).isEqualTo(9);
  }

  @Test
  void shouldCommitWhatStreamsWantsWhereThatIsLess() {
    guard.queues().open(ZERO).add(QueueRecords.at(12));

    assertThat(guard.guarded(wanted(9), BY).get(ZERO))
        .isEqualTo(new OffsetAndMetadata(9, Optional.of(4), METADATA));
  }

  @Test
  void shouldLeaveSchemaIdsAndItsProducerToWhoeverIsNext() {
    SchemaIds schemas = SchemaIds.of("http://registry", Map.of("30be1c7d2f9a4e55", 7));
    CommitGuard noting = guard(new Suspects(4), schemas);
    noting.suspects().read(Map.of(ZERO, new OffsetAndMetadata(3)));
    noting.suspects().open(ZERO, 10);
    noting.queues().open(ZERO).add(QueueRecords.at(3));

    Map<TopicPartition, OffsetAndMetadata> guarded = noting.guarded(wanted(9), BY);

    assertThat(guarded.values())
        .extracting(offset -> OffsetNote.in(offset.metadata()).schemas())
        .containsExactly(schemas, schemas);
    assertThat(OffsetNote.in(guarded.get(ZERO).metadata()).owner().work())
        .isEqualTo(OffsetNote.InWork.BUSY);
    assertThat(OffsetNote.in(guarded.get(ONE).metadata()).committer()).isEqualTo(BY);
    assertThat(noting.suspects().read(guarded).get(ZERO))
        .isEqualTo(new OffsetAndMetadata(3, Optional.empty(), "time"));
    assertThat(noting.suspects().read(guarded).get(ONE)).isEqualTo(wanted(9).get(ONE));
  }

  @Test
  void shouldRewriteTheOffsetsOfTheTransaction() {
    MockProducer<byte[], byte[]> kafka =
        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    GuardedProducer producer = new GuardedProducer(kafka, "app-1", guard);
    guard.queues().open(ZERO).add(QueueRecords.at(3));
    producer.initTransactions();
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(wanted(9), new ConsumerGroupMetadata("app"));
    producer.commitTransaction();

    assertThat(kafka.consumerGroupOffsetsHistory().get(0).get("app").get(ZERO).offset())
        .isEqualTo(3);
  }

  @Test
  void shouldRefillTheWaitingBudgetAtEachCommit() {
    guard.thread().waited(Duration.ofSeconds(5));
    assertThat(guard.thread().waitLeft()).isEqualTo(Duration.ZERO);

    guard.committed(Map.of(), Duration.ZERO);

    assertThat(guard.thread().waitLeft()).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void shouldBlameNoImageOfAPartitionThatIsGivenBack() {
    CommitGuard counting = guard(new Suspects(4), SchemaIds.NONE);
    List<OffsetNote.InWork> written = new ArrayList<>();
    ConsumerRebalanceListener streams =
        new ConsumerRebalanceListener() {
          @Override
          public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            written.addAll(works(counting)); // its last commit of them
          }

          @Override
          public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}
        };
    for (TopicPartition partition : List.of(ZERO, ONE)) {
      counting.suspects().read(Map.of(partition, new OffsetAndMetadata(3)));
      counting.suspects().open(partition, 10);
      counting.queues().open(partition).add(QueueRecords.at(3));
    }

    new GuardedConsumer.Leaving(counting, streams).onPartitionsRevoked(List.of(ZERO));

    assertThat(written).containsExactly(OffsetNote.InWork.IDLE, OffsetNote.InWork.BUSY);
    assertThat(works(counting)).as("later").containsOnly(OffsetNote.InWork.BUSY);
  }

  private static List<OffsetNote.InWork> works(CommitGuard guard) {
    Map<TopicPartition, OffsetAndMetadata> guarded = guard.guarded(wanted(9), BY);
    return Stream.of(ZERO, ONE)
        .map(partition -> OffsetNote.in(guarded.get(partition).metadata()).owner().work())
        .toList();
  }

  @Test
  void shouldNoteOnlyWhatIsCommitted() {
    CommitGuard counting = guard(new Suspects(4), SchemaIds.NONE);
    counting.suspects().read(Map.of(ZERO, new OffsetAndMetadata(3)));
    Suspects.Account account = counting.suspects().open(ZERO, 10);
    MockProducer<byte[], byte[]> kafka =
        new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    GuardedProducer producer = new GuardedProducer(kafka, "app-1", counting);
    producer.initTransactions();
    producer.beginTransaction();
    producer.sendOffsetsToTransaction(wanted(3), new ConsumerGroupMetadata("app"));
    producer.abortTransaction();
    assertThat(account.waits(3, true)).isTrue();

    producer.beginTransaction();
    producer.sendOffsetsToTransaction(wanted(3), new ConsumerGroupMetadata("app"));
    producer.commitTransaction();
    assertThat(account.waits(3, true)).isFalse();
  }

  private static Map<TopicPartition, OffsetAndMetadata> wanted(long offset) {
    OffsetAndMetadata wanted = new OffsetAndMetadata(offset, Optional.of(4), "time");
    return Map.of(ZERO, wanted, ONE, wanted);
  }
}
