package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** Images of a partition that another process left. */
class MicroBatchProcessorPoisonTest extends ProcessorFixture {

  @Test
  void shouldHoldImagesUntilTheTakeoverIsCommitted() {
    guard.suspects().read(Map.of(IMAGES, new OffsetAndMetadata(0, "|11111111,BUSY,0,-1,0")));
    start();
    send("a", 1);
    send("b", 2);
    driver.advanceWallClockTime(Duration.ofMillis(100));
    assertThat(guard.held().images()).isEqualTo(2);
    assertThat(inFlight.images()).isZero();

    commit(2);
    awaitAnswers(2);

    assertThat(predictions.readKeyValuesToList()).extracting(it -> new String(it.key))
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

  /** Commits as Kafka Streams does. */
  private void commit(long wanted) {
    committable(wanted);
    guard.committed(Set.of(IMAGES));
  }
}
