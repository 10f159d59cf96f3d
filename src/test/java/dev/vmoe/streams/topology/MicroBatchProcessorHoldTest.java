package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** An image that may not go on yet holds those behind it, and no thread. */
class MicroBatchProcessorHoldTest extends ProcessorFixture {

  private static final int LATE_ID = 4711;

  private volatile boolean found;

  /** A registry that does not say what schema the late id is. */
  private void withALateSchema() {
    schemas =
        id ->
            id == LATE_ID && !found ? Optional.empty() : Optional.of(ImageRequest.getClassSchema());
    start();
  }

  private void sendLate(String key, int grey) {
    byte[] value = avro(grey, null);
    ByteBuffer.wrap(value, 1, Integer.BYTES).putInt(LATE_ID);
    images.pipeInput(bytes(key), value, NOON);
  }

  private void sendRaw(String key, int grey) {
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", bytes("image/grey"));
    images.pipeInput(new TestRecord<>(bytes(key), FakeDecoder.grey(grey), headers, NOON));
  }

  @Test
  void shouldHoldTheImagesBehindOneOfUnknownSchemaInOrder() {
    withALateSchema();
    send("a", 1);
    sendLate("b", 2);
    send("c", 3);
    sendRaw("d", 4);
    awaitAnswers(1);
    driver.advanceWallClockTime(Duration.ofSeconds(30));

    assertThat(predictions.getQueueSize()).isEqualTo(1);
    assertThat(committable(4)).as("the first that is not answered").isEqualTo(1);
    assertThat(guard.queues().held()).isEqualTo(3);
    assertThat(guard.queues().waiting(Set.of(IMAGES))).containsExactly(IMAGES);
    assertThat(guard.queues().owned().get(IMAGES).isBlocked()).isTrue();
    assertThat(LagMonitor.reading(guard.queues().owned().get(IMAGES), 10, 1))
        .as("nothing of it counts, and its end is known")
        .isEqualTo(new Backlog.PartitionReading(10, 1, 0));

    found = true;
    awaitAnswers(4);

    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getSourceOffset)
        .containsExactly(0L, 1L, 2L, 3L);
    assertThat(committable(4)).isEqualTo(4);
    assertThat(guard.queues().held()).isZero();
    assertThat(guard.queues().waiting(Set.of(IMAGES))).isEmpty();
    assertThat(guard.queues().owned().get(IMAGES).isBlocked()).isFalse();
  }

  @Test
  void shouldReadAgainWhatWasHeldByATaskThatIsClosed() {
    withALateSchema();
    sendLate("a", 1);
    send("b", 2);
    assertThat(committable(2)).isZero();

    open.remove(driver);
    driver.close();

    assertThat(guard.queues().held()).isZero();
    assertThat(guard.queues().waiting(Set.of(IMAGES))).isEmpty();
    assertThat(guard.queues().owned()).isEmpty();
  }

  @Test
  void shouldLetGoNoMoreThanThereIsRoomFor() {
    linger = Duration.ofMinutes(1);
    batchImages = 100;
    inFlightImages = 2;
    withALateSchema();
    sendLate("a", 1);
    for (int i = 0; i < 9; i++) {
      send("b" + i, 2);
    }
    found = true;
    driver.advanceWallClockTime(Duration.ofSeconds(1));

    assertThat(guard.queues().inFlightImages()).isEqualTo(2);
    assertThat(guard.queues().held()).isEqualTo(8);
  }

  @Test
  void shouldSetAnImageApartThatNoRegistryKnowsForTooLong() {
    RegistryClient nowhere =
        new RegistryClient("http://127.0.0.1:9", Map.of(), Duration.ofSeconds(30));
    open.add(nowhere);
    schemas = lookup(nowhere, Duration.ZERO);
    start();
    byte[] value = avro(1, null);
    images.pipeInput(bytes("a"), value, NOON);
    sendRaw("b", 2);
    awaitAnswers(2);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.value()).isEqualTo(value);
    assertThat(header(letter.headers(), DeadLetter.EXCEPTION)).endsWith("$SchemaNotFound");
    assertThat(header(letter.headers(), DeadLetter.MESSAGE))
        .contains("schema.registry.wait.ms", "http://127.0.0.1:9");
    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getSourceOffset)
        .isEqualTo(List.of(1L));
  }
}
