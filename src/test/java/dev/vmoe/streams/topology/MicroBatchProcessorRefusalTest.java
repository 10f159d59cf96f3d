package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** What the processor refuses, and the dead letters that it makes of that. */
class MicroBatchProcessorRefusalTest extends ProcessorFixture {

  @Test
  void shouldSendWhatCannotBeAnsweredToTheDeadLettersWithItsReason() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("traceparent", bytes("00-ab-cd-01"));
    byte[] unknown = ByteBuffer.allocate(6).put((byte) 0).putInt(4711).put((byte) 0).array();
    images.pipeInput(new TestRecord<>(bytes("a"), null, headers, NOON));
    images.pipeInput(bytes("b"), bytes("rubbish"), NOON);
    images.pipeInput(bytes("c"), unknown, NOON);
    images.pipeInput(bytes("d"), requests.serialize("images", request(2000)), NOON);
    images.pipeInput(bytes("e"), requests.serialize("images", request(2)), NOON);
    images.pipeInput(bytes("f"), requests.serialize("images", request(0)), NOON);
    send("g", 1);
    awaitAnswers(7);

    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(l -> new String(l.key(), StandardCharsets.UTF_8))
        .containsExactly("a", "b", "c", "d", "e", "f");
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .satisfiesExactly(
            reason -> assertThat(reason).contains("no value"),
            reason -> assertThat(reason).contains("not Avro").contains("content-type"),
            reason -> assertThat(reason).contains("no schema with id 4711"),
            reason -> assertThat(reason).contains("2000 bytes").contains("image.max.bytes = 1000"),
            reason -> assertThat(reason).contains("2 bytes are not an image"),
            reason -> assertThat(reason).contains("0 bytes are not an image"));
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.EXCEPTION))
        .allMatch(name -> name.startsWith("dev.vmoe."));
    assertThat(letters.get(0).value()).isNull();
    assertThat(letters.get(1).value()).isEqualTo(bytes("rubbish"));
    assertThat(letters.get(2).value()).isEqualTo(unknown);
    assertThat(header(letters.get(0).headers(), "traceparent")).isEqualTo("00-ab-cd-01");
    assertThat(header(letters.get(1).headers(), DeadLetter.TOPIC)).isEqualTo("images");
    assertThat(header(letters.get(1).headers(), DeadLetter.PARTITION)).isEqualTo("0");
    assertThat(header(letters.get(1).headers(), DeadLetter.OFFSET)).isEqualTo("1");
    assertThat(letters).allMatch(letter -> letter.getRecordTime().equals(NOON));
  }

  @Test
  void shouldSendALetterWithoutItsValueWhereThatMayNotBeSent() {
    start();
    images.pipeInput(bytes("a"), new byte[1_000_001], NOON);
    awaitAnswers(1);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.key()).isEqualTo(bytes("a"));
    assertThat(letter.value()).isNull();
    assertThat(header(letter.headers(), DeadLetter.MESSAGE))
        .contains("value of 1000001 bytes left out")
        .endsWith("it is at images/0/0");
  }

  @Test
  void shouldRefuseARecordThatAPredictionCouldNotCarry() {
    start();
    String half = "x".repeat(130 * 1024);
    RecordHeaders large = new RecordHeaders();
    large.add("baggage", bytes(half));
    RecordHeaders many = new RecordHeaders();
    for (int i = 0; i < 30_000; i++) {
      many.add("", null);
    }
    byte[] attributes =
        requests.serialize(
            "images",
            ImageRequest.newBuilder()
                .setImage(ByteBuffer.wrap(FakeDecoder.grey(1)))
                .setAttributes(Map.of("note", half))
                .build());
    images.pipeInput(new TestRecord<>(bytes("a"), attributes, large, NOON));
    images.pipeInput(new TestRecord<>(bytes(half), avro(1, null), large, NOON));
    images.pipeInput(new TestRecord<>(bytes("c"), avro(1, null), many, NOON));
    images.pipeInput(bytes("d"), avro(1, "x".repeat(1025)), NOON);
    images.pipeInput(new TestRecord<>(bytes("e"), avro(1, "cat"), large, NOON));
    awaitAnswers(5);

    assertThat(predictions.readKeyValuesToList())
        .extracting(p -> p.key)
        .containsExactly(bytes("e"));
    assertThat(deadLetters.readRecordsToList())
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .satisfiesExactly(
            reason ->
                assertThat(reason)
                    .contains("the key (1 bytes), headers (1331")
                    .contains("attributes (1331")
                    .contains("more than the 262144 bytes"),
            reason -> assertThat(reason).contains("the key (133120 bytes)"),
            reason -> assertThat(reason).contains("headers (300000)"),
            reason -> assertThat(reason).contains("the label has 1025 bytes, more than 1024"));
  }

  @Test
  void shouldCarryThePriorityAndRefuseOneOutsideItsBounds() {
    start();
    byte[] refused = avro(300f);
    images.pipeInput(bytes("a"), avro(10f), NOON);
    images.pipeInput(bytes("b"), refused, NOON);
    images.pipeInput(bytes("c"), avro(Float.NaN), NOON);
    images.pipeInput(bytes("d"), avro(0f), NOON);
    images.pipeInput(bytes("e"), avro(20, null), NOON);
    awaitAnswers(5);

    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getPriority)
        .containsExactly(10f, 1f);
    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .containsExactly(
            "the priority is 300.0, which is not from 0.01 to 100.0",
            "the priority is NaN, which is not from 0.01 to 100.0",
            "the priority is 0.0, which is not from 0.01 to 100.0");
    assertThat(letters.get(0).value()).isEqualTo(refused);
  }

  private byte[] avro(float priority) {
    ImageRequest request = request(1);
    request.setPriority(priority);
    return requests.serialize("images", request);
  }
}
