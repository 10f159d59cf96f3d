package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.SchemaSource;
import dev.vmoe.streams.commit.Suspects;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** Images of a partition that another process left. */
class MicroBatchProcessorPoisonTest extends ProcessorFixture {

  private final MockProcessorContext<byte[], Object> context = new MockProcessorContext<>();

  @Test
  void shouldHoldImagesUntilTheTakeoverIsCommitted() {
    guard.suspects().read(Map.of(IMAGES, new OffsetAndMetadata(0, "|11111111,BUSY,0,-1,0")));
    start();
    send("a", 1);
    send("b", 2);
    driver.advanceWallClockTime(Duration.ofMillis(100));
    assertThat(guard.queues().held()).isEqualTo(2);
    assertThat(guard.queues().inFlightImages()).isZero();

    commit(2);
    awaitAnswers(2);

    assertThat(predictions.readKeyValuesToList())
        .extracting(it -> new String(it.key))
        .containsExactly("a", "b");
  }

  @Test
  void shouldMakeADeadLetterOfTheImageOverWhichProcessesEnded() {
    guard.suspects().read(Map.of(IMAGES, new OffsetAndMetadata(0, "|11111111,ALONE,3,0,1")));
    start();
    send("poison", 1);
    send("b", 2);
    awaitAnswers(1);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.key()).isEqualTo(bytes("poison"));
    assertThat(header(letter.headers(), DeadLetter.EXCEPTION)).isEqualTo("dev.vmoe.Poison");
    assertThat(header(letter.headers(), DeadLetter.MESSAGE)).startsWith("poison: 4 processes");
    assertThat(predictions.isEmpty()).isTrue();

    commit(2);
    awaitAnswers(1);
    assertThat(predictions.readValue()).isNotNull();
  }

  @Test
  void shouldAskForTheCommitOfTheTakeoverAsLongAsItIsMissing() {
    guard.suspects().read(Map.of(IMAGES, new OffsetAndMetadata(0, "|11111111,BUSY,0,-1,0")));
    MicroBatchProcessor processor = processor();
    process(processor, 0, avro(1, null));
    assertThat(commitAsked()).isTrue();
    assertThat(blocked()).isTrue();
    tick();
    assertThat(commitAsked()).isTrue();

    commit(1);
    tick();
    assertThat(commitAsked()).isFalse();
    assertThat(blocked()).isFalse();
    assertThat(guard.queues().inFlightImages()).isEqualTo(1);
  }

  @Test
  void shouldAskForACommitBeforeAnImageIsTriedAloneAndBehindIt() {
    guard.suspects().read(Map.of(IMAGES, new OffsetAndMetadata(0, "|11111111,BUSY,1,-1,0")));
    MicroBatchProcessor processor = processor();
    process(processor, 0, avro(1, null));
    process(processor, 1, bytes("rubbish"));
    commit(2);
    tick(); // claims to be alone
    commitAsked();
    tick();
    assertThat(commitAsked()).isTrue();
    assertThat(blocked()).isTrue();
    assertThat(guard.queues().inFlightImages()).isZero();

    commit(2);
    classifier.hold();
    await()
        .until(
            () -> {
              tick();
              return classifier.isHolding();
            });
    assertThat(guard.queues().inFlightImages()).as("without the record behind it").isEqualTo(1);
    assertThat(commitAsked()).as("while it is in work").isFalse();

    classifier.release();
    await()
        .until(
            () -> {
              tick();
              return !context.forwarded().isEmpty();
            });
    assertThat(commitAsked()).isTrue();
    commit(2);
    tick();
    assertThat(guard.queues().inFlightImages()).as("that is no image").isEqualTo(1);
    assertThat(commitAsked()).isFalse();
  }

  @Test
  void shouldHoldAllUnreadWhileAnotherPartitionsImageIsTriedAlone() {
    TopicPartition other = new TopicPartition("images", 1);
    Map<TopicPartition, OffsetAndMetadata> left =
        Map.of(other, new OffsetAndMetadata(7, "|11111111,BUSY,1,-1,0"));
    guard.suspects().read(left);
    Suspects.Account alone = guard.suspects().open(other, 10);
    guard.committed(guard.guarded(left, BY), Duration.ZERO);
    assertThat(alone.waits(7, true) || alone.admits(7)).as("claims to be alone").isFalse();
    List<Integer> read = new ArrayList<>();
    SchemaSource known = schemas;
    schemas =
        id -> {
          read.add(id);
          return known.schema(id);
        };
    MicroBatchProcessor processor = processor();
    process(processor, 0, bytes("rubbish"));
    process(processor, 1, avro(1, null));
    tick();
    assertThat(read).isEmpty();
    assertThat(guard.queues().inFlightImages()).isZero();
    assertThat(blocked()).isTrue();
    assertThat(guard.queues().held()).isEqualTo(2);
    assertThat(commitAsked()).isFalse();

    alone.close();
    tick();
    assertThat(guard.queues().inFlightImages()).isEqualTo(2);
    assertThat(blocked()).isFalse();
  }

  @Test
  void shouldCountAnImageInFlightBeforeItIsReadAndNotOnceItHasToWait() {
    List<Long> counted = new ArrayList<>();
    schemas =
        id -> {
          counted.add(guard.queues().inFlightImages());
          return Optional.empty();
        };
    process(processor(), 0, avro(1, null));

    assertThat(counted).containsExactly(1L);
    assertThat(guard.queues().inFlightImages()).isZero();
    assertThat(guard.queues().inFlightBytes()).isZero();
  }

  private MicroBatchProcessor processor() {
    MicroBatchProcessor processor =
        new MicroBatchProcessor(shared(), observer, new PipelineTopology.Input(IMAGES.topic(), ""));
    context.setCurrentSystemTimeMs(NOON.toEpochMilli());
    processor.init(context);
    open.add(0, processor::close);
    return processor;
  }

  private void process(MicroBatchProcessor processor, long offset, byte[] value) {
    context.setRecordMetadata("images", 0, offset);
    processor.process(new Record<>(bytes("key"), value, NOON.toEpochMilli()));
  }

  /** Runs what is scheduled, once. */
  private void tick() {
    for (CapturedPunctuator scheduled : List.copyOf(context.scheduledPunctuators())) {
      if (!scheduled.cancelled()) {
        scheduled.getPunctuator().punctuate(NOON.toEpochMilli());
      }
    }
  }

  /** Returns whether a commit was asked for since the last call. */
  private boolean commitAsked() {
    boolean asked = context.committed();
    context.resetCommit();
    return asked;
  }

  private boolean blocked() {
    return guard.queues().owned().get(IMAGES).isBlocked();
  }
}
