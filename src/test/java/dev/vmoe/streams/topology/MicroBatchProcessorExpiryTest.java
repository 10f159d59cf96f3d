package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.streams.commit.Arrivals;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** Images that can no longer be in time, from record to dead letter. */
class MicroBatchProcessorExpiryTest extends ProcessorFixture {

  private static final LiveSettings EXPIRE =
      LiveSettings.of(new Settings(Map.of("late.policy", "expire", "target.latency.ms", "20000")));

  private void send(String key, Instant deadline) {
    ImageRequest request =
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(FakeDecoder.grey(9)))
            .setDeadline(deadline)
            .build();
    images.pipeInput(bytes(key), requests.serialize("images", request), NOON);
  }

  private List<String> answered() {
    return predictions.readKeyValuesToList().stream()
        .map(prediction -> new String(prediction.key, StandardCharsets.UTF_8))
        .toList();
  }

  @Test
  void shouldMakeADeadLetterOfAnImageWhoseDeadlineCannotBeMet() {
    start();
    send("a", NOON.plusMillis(150)); // commit interval and transport
    send("b", NOON.plusMillis(90));
    send("c", NOON.minusSeconds(3));
    send("d", (Instant) null);
    long pending = committable(4);
    awaitAnswers(4);

    assertThat(pending).as("held back until it was its turn").isZero();
    assertThat(committable(4)).isEqualTo(4);
    assertThat(answered()).as("a has no time for a run").containsExactly("d");
    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(letter -> new String(letter.key(), StandardCharsets.UTF_8))
        .containsExactly("a", "b", "c");
    assertThat(letters)
        .allSatisfy(
            letter -> {
              assertThat(header(letter.headers(), DeadLetter.EXCEPTION))
                  .isEqualTo("dev.vmoe.Expired");
              assertThat(letter.headers().lastHeader(DeadLetter.STACKTRACE)).isNull();
              assertThat(letter.value()).isNotNull();
            });
    assertThat(header(letters.get(1).headers(), DeadLetter.MESSAGE))
        .matches("expired: its answer would have come ([6-9]\\d|\\d{3,}) ms past its deadline");
    assertThat(Scrape.of(meters).value("vmoe_images_dead_lettered_total{cause=\"expired\"}"))
        .isEqualTo(3);
    assertThat(Scrape.of(meters).value("vmoe_images_answered_total")).isEqualTo(1);
  }

  @Test
  void shouldCountFromTheTimestampWhereLateImagesExpire() {
    settings = EXPIRE;
    now = NOON.plusMillis(1);
    start();
    images.pipeInput(bytes("just sent"), avro(1, null), NOON);
    images.pipeInput(bytes("old"), avro(2, null), NOON.minusSeconds(50));
    images.pipeInput(bytes("from the future"), avro(3, null), NOON.plusSeconds(50));
    now = NOON.plusSeconds(100);
    images.pipeInput(bytes("sent when the others were"), avro(4, null), NOON);
    send("may take a minute", NOON.plusSeconds(160));
    awaitAnswers(5);

    assertThat(answered()).containsExactly("just sent", "from the future", "may take a minute");
    assertThat(deadLetters.readKeyValuesToList())
        .extracting(letter -> new String(letter.key, StandardCharsets.UTF_8))
        .containsExactly("old", "sent when the others were");
  }

  @Test
  void shouldNotLetAllExpireOfAProducerWhoseClockIsSlow() {
    settings = EXPIRE;
    start();
    images.pipeInput(bytes("there before"), avro(1, null), NOON);
    now = NOON.plus(Duration.ofHours(1));
    long nowNanos = System.nanoTime();
    Arrivals arrivals = guard.queues().owned().get(IMAGES).arrivals();
    arrivals.read(nowNanos - Duration.ofSeconds(10).toNanos(), 2, 0);
    arrivals.read(nowNanos, 4, 0);
    images.pipeInput(bytes("there before, too"), avro(2, null), NOON);
    images.pipeInput(bytes("came 10 s ago"), avro(3, null), NOON);
    images.pipeInput(bytes("came 5 s ago"), avro(4, null), NOON);
    images.pipeInput(bytes("came just now"), avro(5, null), NOON);
    awaitAnswers(5);

    assertThat(answered())
        .containsExactly("there before", "came 10 s ago", "came 5 s ago", "came just now");
  }

  @Test
  void shouldRefuseADeadlineBefore1970() {
    start();
    send("a", Instant.ofEpochMilli(-1));
    send("b", Instant.ofEpochMilli(0));
    awaitAnswers(2);

    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(letter -> header(letter.headers(), DeadLetter.MESSAGE))
        .satisfiesExactly(
            reason ->
                assertThat(reason).isEqualTo("the deadline is -1 ms since 1970, which is below 0"),
            reason -> assertThat(reason).startsWith("expired: "));
  }
}
