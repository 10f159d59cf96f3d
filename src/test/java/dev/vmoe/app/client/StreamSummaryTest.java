package dev.vmoe.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StreamSummaryTest {

  private final StreamSummary summary = new StreamSummary();

  @Test
  void shouldCountAccuracyOverLabelledAnswersOnly() {
    summary.add(prediction(0, 0, "b0", 3, "coat", "coat"), 10);
    summary.add(prediction(0, 1, "b0", 3, "coat", "bag"), 20);
    summary.add(prediction(1, 0, "b0", 3, "coat", null), 30);

    StreamSummary.Result result = summary.result();
    assertThat(result.predictions()).isEqualTo(3);
    assertThat(result.accuracy()).isEqualTo(0.5);
    assertThat(result.latencyMs().p50()).isEqualTo(20);
    assertThat(result.latencyMs().max()).isEqualTo(30);
  }

  @Test
  void shouldReportAnswerThatCameTwice() {
    summary.add(prediction(3, 7, "b0", 1, "coat", "coat"), 10);
    summary.add(prediction(3, 7, "b1", 1, "coat", "coat"), 10);

    assertThat(summary.result().predictions()).isEqualTo(1);
    assertThat(summary.result().duplicates()).isEqualTo(1);
  }

  @Test
  void shouldTellWhetherEveryImageHasExactlyOneAnswer() {
    summary.add(prediction(0, 0, "b0", 2, "coat", null), 1);
    summary.add(prediction(0, 1, "b0", 2, "coat", null), 1);
    summary.addDeadLetter(0, 2);
    assertThat(summary.result().complete(3)).isFalse(); // no utilization yet
    summary.add(utilization(2, 8, List.of(5L, 3L), List.of(4L, 2L)));
    assertThat(summary.result().complete(3)).isTrue();
    assertThat(summary.result().complete(4)).isFalse();

    summary.addDeadLetter(0, 1); // answered already
    assertThat(summary.result().deadLetters()).isEqualTo(1);
    assertThat(summary.result().complete(3)).isFalse();
  }

  @Test
  void shouldCountEachMicroBatchOnce() {
    summary.add(prediction(0, 0, "b0", 2, "coat", null), 1);
    summary.add(prediction(1, 0, "b0", 2, "coat", null), 1);
    summary.add(prediction(0, 1, "b1", 4, "coat", null), 1);

    StreamSummary.Result result = summary.result();
    assertThat(result.batchSize().mean()).isEqualTo(3);
    assertThat(result.batchSize().max()).isEqualTo(4);
    assertThat(result.flushReasons()).isEqualTo(Map.of("size", 2));
  }

  @Test
  void shouldSumUtilizationByLayerAndExpert() {
    summary.add(utilization(2, 8, List.of(5L, 3L), List.of(4L, 2L)));
    summary.add(utilization(1, 4, List.of(1L, 3L), List.of(1L, 1L)));

    StreamSummary.Result result = summary.result();
    assertThat(result.utilizationEvents()).isEqualTo(2);
    assertThat(result.utilizationImages()).isEqualTo(3);
    assertThat(result.blocks()).containsExactly(1);
    assertThat(result.assigned()).containsExactly(List.of(6L, 6L));
    assertThat(result.dispatched()).containsExactly(List.of(5L, 3L));
    assertThat(result.utilization().get(0).get(1)).isCloseTo(3 / 12.0, within(1e-9));
    assertThat(StreamSummary.expertTable(result).lines())
        .containsExactly("block     e0     e1  dropped", "    1  41.7%  25.0%    33.3%");
  }

  private static Prediction prediction(
      int partition, long offset, String batch, int batchSize, String answer, String label) {
    return Prediction.newBuilder()
        .setTop(List.of(new ClassScore(0, answer, 1f)))
        .setLabel(label)
        .setModel("m")
        .setWeightsHash("")
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.1)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setBatchId(batch)
        .setBatchSize(batchSize)
        .setFlushReason("size")
        .setProcessedShare(1)
        .setQueueMicros(0)
        .setDecodeMicros(0)
        .setInferenceMicros(0)
        .setSourceTopic("images")
        .setSourcePartition(partition)
        .setSourceOffset(offset)
        .build();
  }

  private static ExpertUtilization utilization(
      int images, double slots, List<Long> assigned, List<Long> dispatched) {
    LayerUtilization layer =
        new LayerUtilization(1, assigned, dispatched, List.of(0.0, 0.0), List.of(0.0, 0.0), 0L);
    return ExpertUtilization.newBuilder()
        .setBatchId("b")
        .setBatchSize(4)
        .setImages(images)
        .setSourceTopic("images")
        .setSourcePartition(0)
        .setFirstOffset(0)
        .setLastOffset(images - 1L)
        .setModel("m")
        .setWeightsHash("")
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.1)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setFlushReason("size")
        .setTokensPerImage(2)
        .setCapacity(4)
        .setSlots(slots)
        .setInferenceMicros(0)
        .setLayers(List.of(layer))
        .setClasses(List.of())
        .build();
  }
}
