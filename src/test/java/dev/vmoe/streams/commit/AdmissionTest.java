package dev.vmoe.streams.commit;

import static dev.vmoe.streams.commit.QueueRecords.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.Lane;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.tracing.ImageTrace;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The rule of {@link Admission}, limit by limit. */
class AdmissionTest {

  private static final TopicPartition ZERO = new TopicPartition("images", 0);
  private static final TopicPartition ONE = new TopicPartition("images", 1);

  private int maxImages = 3;
  private boolean schemaKnown;
  private final CommitGuard guard =
      new CommitGuard(
          Duration.ofSeconds(2),
          new Suspects(4),
          () -> OffsetNote.SchemaIds.NONE,
          new AbandonedTransactions(
              () -> {
                throw new KafkaException("no brokers here");
              },
              "app",
              Duration.ZERO));
  private final Fetching fetching = QueueRecords.fetchingNothing();
  private final Admission admission =
      new Admission(
          () -> maxImages,
          1000,
          new RequestReader(
              id -> schemaKnown ? Optional.of(ImageRequest.getClassSchema()) : Optional.empty(),
              10_000,
              EventFormat.AVRO,
              "/vmoe/test"),
          fetching::openFetchAhead,
          new Deadlines(
              () -> LiveSettings.of(new Settings(Map.of())),
              Duration.ofMillis(100),
              Clock.systemUTC()),
          guard);
  private final Admission.PartitionAdmission zero = admission.open(ZERO);
  private final Admission.PartitionAdmission one = admission.open(ONE);
  private final Queue<QueuedRecord> inFlight = new ArrayDeque<>();
  private long nextOffset;

  @AfterEach
  void close() {
    zero.close();
    one.close();
    fetching.close();
  }

  /** Adds records that go on, whatever is in flight. */
  private void add(Admission.PartitionAdmission partition, int records, int bytes) {
    for (int i = 0; i < records; i++) {
      QueuedRecord added = at(nextOffset++, bytes);
      inFlight.add(QueueRecords.addBatched(partition.queue(), added));
    }
  }

  /** Returns whether a record that comes now has to wait for room. */
  private boolean isFull(Admission.PartitionAdmission partition) {
    QueuedRecord next = at(nextOffset, 0);
    partition.queue().add(next);
    boolean full = partition.decide(next) == Admission.Wait.ROOM;
    partition.queue().takeBack(next);
    return full;
  }

  private void emitFirst(Admission.PartitionAdmission partition) {
    QueuedRecord first = inFlight.remove();
    partition.queue().answered(first);
    partition.emitted(first);
  }

  @Test
  void shouldCountImagesByPartition() {
    add(zero, 2, 1);
    add(one, 2, 1);
    assertThat(zero.isOver()).isFalse();

    add(zero, 1, 1);
    assertThat(zero.isOver()).isTrue();
    assertThat(isFull(zero)).isFalse();
    assertThat(one.isOver()).isFalse();

    add(zero, 3, 1);
    assertThat(isFull(zero)).isTrue();
  }

  @Test
  void shouldReachAsFarAsAPartitionMayGetWithoutWaiting() {
    while (!isFull(zero)) {
      add(zero, 1, 1);
    }

    assertThat(admission.reach()).isEqualTo(zero.queue().inFlightImages());
  }

  @Test
  void shouldFollowTheBoundOnImages() {
    add(zero, 3, 1);
    maxImages = 4;
    assertThat(zero.isOver()).isFalse();

    maxImages = 1;
    assertThat(isFull(zero)).isTrue();
  }

  @Test
  void shouldCountBytesOverAllPartitions() {
    add(zero, 1, 600);
    add(one, 1, 400);
    assertThat(zero.isOver()).isFalse();

    add(one, 1, 1);
    assertThat(zero.isOver()).isTrue();
    assertThat(one.isOver()).isTrue();
    assertThat(isFull(one)).isFalse();

    add(zero, 1, 1001);
    assertThat(isFull(one)).isTrue();
    zero.close();
    assertThat(one.isOver()).isFalse();
  }

  @Test
  void shouldNeverLetAPartitionWaitForOthersAlone() {
    add(zero, 2, 5000);

    assertThat(one.isOver()).isFalse();
    assertThat(isFull(one)).isFalse();
  }

  @Test
  void shouldLetNothingWaitForRoomOnceTheInstanceStops() {
    add(zero, 6, 5000);
    admission.stop();

    assertThat(zero.isOver()).isFalse();
    assertThat(isFull(zero)).isFalse();
  }

  @Test
  void shouldLetGoWhatIsHeldOnlyBelowTheLimits() {
    add(zero, 6, 1);
    QueuedRecord held = at(nextOffset++);
    zero.queue().add(held);
    assertThat(zero.decide(held)).isEqualTo(Admission.Wait.ROOM);
    while (zero.queue().inFlightImages() > 3) {
      assertThat(zero.decide(held)).as("above them").isEqualTo(Admission.Wait.ROOM);
      emitFirst(zero);
    }
    assertThat(zero.decide(held)).as("at one of them").isEqualTo(Admission.Wait.ROOM);
    assertThat(held.state()).isEqualTo(QueuedRecord.State.HELD);

    emitFirst(zero);
    assertThat(zero.decide(held)).isInstanceOf(Admission.Admit.class);
    assertThat(held.state()).isEqualTo(QueuedRecord.State.BATCHED);
    assertThat(zero.queue().isWaiting()).isFalse();
  }

  @Test
  void shouldAdmitAnImageThatIsNeverTooLateAndKeepNoneOfItsBytes() {
    QueuedRecord image = at(0, 7);
    zero.queue().add(image);

    assertThat(zero.decide(image))
        .isInstanceOfSatisfying(
            Admission.Admit.class,
            admit -> {
              assertThat(admit.request().image()).hasSize(7);
              assertThat(admit.dueNanos()).isEqualTo(Lane.NEVER_DUE);
            });
    assertThat(image.request().image()).isEmpty();
    assertThat(zero.queue().inFlightImages()).isEqualTo(1);
  }

  @Test
  void shouldWaitForASchemaAndCountNothingMeanwhile() {
    RecordHeaders headers = new RecordHeaders();
    byte[] value = ByteBuffer.allocate(9).put((byte) 0).putInt(7).array();
    QueuedRecord avro =
        new QueuedRecord(
            new Record<>(null, value, 0, headers),
            new ProcessorRecordContext(0, 0, 0, "images", headers),
            ImageTrace.NONE);
    zero.queue().add(avro);
    assertThat(zero.decide(avro)).isEqualTo(Admission.Wait.SCHEMA);
    assertThat(zero.queue().isBlocked()).isTrue();
    assertThat(zero.queue().inFlightImages()).isZero();

    schemaKnown = true;
    assertThat(zero.decide(avro))
        .as("the value ends too early")
        .isInstanceOfSatisfying(
            Admission.Refuse.class,
            refuse -> assertThat(refuse.reason()).isInstanceOf(BadRecordException.class));
    assertThat(avro.refusal()).isNotNull();
    assertThat(zero.queue().inFlightImages()).as("it goes along in its turn").isEqualTo(1);
  }

  @Test
  void shouldWaitForTheCommitOfATakeover() {
    TopicPartition taken = new TopicPartition("images", 2);
    guard.suspects().read(Map.of(taken, new OffsetAndMetadata(0, "|11111111,BUSY,0,-1,0")));
    Admission.PartitionAdmission partition = admission.open(taken);
    QueuedRecord image = at(0);
    partition.queue().add(image);

    assertThat(partition.decide(image)).isEqualTo(Admission.Wait.COMMIT);
    assertThat(partition.suspects().waitsForCommit()).isTrue();
    assertThat(partition.queue().isBlocked()).isTrue();
    partition.close();
  }
}
