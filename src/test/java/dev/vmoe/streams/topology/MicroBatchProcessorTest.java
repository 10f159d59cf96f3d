package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.settings.PredictionContents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;

/** What the processor makes of the images that it answers. */
class MicroBatchProcessorTest extends ProcessorFixture {

  @Test
  void shouldEmitInTheOrderTheImagesCame() {
    start();
    for (int i = 0; i < 30; i++) {
      if (i % 7 == 3) {
        images.pipeInput(bytes("bad" + i), bytes("rubbish " + i), NOON);
      } else {
        send("k" + i, i);
      }
    }
    awaitAnswers(30);

    List<Long> offsets = new ArrayList<>();
    predictions.readValuesToList().forEach(p -> offsets.add(p.getSourceOffset()));
    assertThat(offsets).hasSize(26).isSorted();
    List<String> letters = new ArrayList<>();
    deadLetters
        .readRecordsToList()
        .forEach(letter -> letters.add(header(letter.headers(), DeadLetter.OFFSET)));
    assertThat(letters).containsExactly("3", "10", "17", "24");
  }

  @Test
  void shouldCarryKeyHeadersTimeLabelAndAttributes() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("traceparent", bytes("00-ab-cd-01"));
    images.pipeInput(new TestRecord<>(bytes("key"), avro(200, "cat"), headers, NOON));
    awaitAnswers(1);

    TestRecord<byte[], Prediction> record = predictions.readRecord();
    assertThat(record.key()).isEqualTo(bytes("key"));
    assertThat(record.getRecordTime()).isEqualTo(NOON);
    assertThat(header(record.headers(), "traceparent")).isEqualTo("00-ab-cd-01");
    Prediction prediction = record.value();
    assertThat(prediction.getLabel()).isEqualTo("cat");
    assertThat(prediction.getAttributes()).containsEntry("camera", "7");
    assertThat(prediction.getTop()).hasSize(5);
    assertThat(prediction.getTop().get(0).getLabel()).isEqualTo("grey-7");
    assertThat(prediction.getRouting()).isEqualTo("vanilla");
    assertThat(prediction.getFlushReason()).isEqualTo("linger");
    assertThat(prediction.getBatchSize()).isEqualTo(1);
  }

  @Test
  void shouldNameAsManyClassesAsSettingsSayAndCarryTheFeatures() {
    contents = new PredictionContents(2, true, false);
    start();
    images.pipeInput(bytes("key"), avro(200, "cat"), NOON);
    awaitAnswers(1);

    Prediction prediction = predictions.readValue();
    assertThat(prediction.getTop())
        .extracting(ClassScore::getLabel)
        .containsExactly("grey-7", "grey-6");
    assertThat(prediction.getFeatures())
        .isEqualTo(
            ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putFloat(200)
                .putFloat(-200)
                .flip());
  }

  @Test
  void shouldTakeRawBytesWhereTheContentTypeSaysSo() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", bytes("Image/PNG"));
    images.pipeInput(new TestRecord<>(null, FakeDecoder.grey(10), headers, NOON));
    awaitAnswers(1);

    TestRecord<byte[], Prediction> record = predictions.readRecord();
    assertThat(record.key()).isNull();
    assertThat(record.value().getTop().get(0).getLabel()).isEqualTo("grey-0");
  }

  @Test
  void shouldCountEachImageOnceInTheUtilizationOfItsShare() {
    start();
    for (int i = 0; i < 3; i++) {
      images.pipeInput(bytes("k" + i), avro(10 * i, i == 0 ? "cat" : null), NOON);
    }
    images.pipeInput(bytes("bad"), bytes("rubbish"), NOON);
    awaitAnswers(4);

    List<ExpertUtilization> events = utilization.readValuesToList();
    assertThat(events.stream().mapToInt(ExpertUtilization::getImages).sum()).isEqualTo(3);
    for (ExpertUtilization event : events) {
      assertThat(event.getSlots())
          .isEqualTo((double) event.getCapacity() * event.getImages() / event.getBatchSize());
      assertThat(event.getLayers())
          .hasSize(2)
          .extracting(LayerUtilization::getBlock)
          .containsExactly(1, 3);
      for (int layer = 0; layer < 2; layer++) {
        int at = layer;
        long assigned = sum(event.getLayers().get(layer).getAssigned());
        assertThat(assigned).isEqualTo(event.getImages() * 5L * 2);
        assertThat(
                event.getClasses().stream()
                    .mapToLong(c -> sum(c.getLayers().get(at).getAssigned()))
                    .sum())
            .isEqualTo(assigned);
      }
    }
    assertThat(events.stream().flatMap(e -> e.getClasses().stream()))
        .extracting(ClassUtilization::getLabel)
        .contains("cat", "grey-0")
        .doesNotContain("rubbish");
  }

  private static long sum(List<Long> counts) {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void shouldFailTheThreadWhenInferenceFails() {
    classifier.failNext(1);
    start();
    send("a", 1);

    assertThatThrownBy(() -> awaitAnswers(1)).hasStackTraceContaining("told to fail");
    assertThat(predictions.isEmpty()).isTrue();
  }
}
