package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The thinnest whole path: one image in, one prediction and its utilization out. */
class OneImageIT {

  @Test
  void shouldAnswerOneImage() throws Exception {
    try (Workbench workbench = Workbench.open(2);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(workbench.settings(Map.of()), classifier, new FakeDecoder(8 * 8 * 3));
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
      workbench.send(1, "a", FakeDecoder.grey(200));

      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertThat(predictions.poll()).hasSize(1));
      Prediction prediction = predictions.read.get(0);
      assertThat(prediction.getTop().get(0).getLabel()).isEqualTo("grey-7");
      assertThat(prediction.getSourcePartition()).isEqualTo(1);
      assertThat(prediction.getSourceOffset()).isZero();
      assertThat(predictions.records.get(0).key()).isEqualTo("a".getBytes());
    }
  }

  /** At the commit interval alone each would take three seconds. */
  @Test
  void shouldNotWaitForTheCommitIntervalWhereLittleIsInFlight() throws Exception {
    Map<String, ?> rarely = Map.of("streams.commit.interval.ms", 3_000);
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(workbench.settings(rarely), classifier, new FakeDecoder(8 * 8 * 3));
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
      workbench.send(0, "first", FakeDecoder.grey(1));
      await().atMost(Duration.ofSeconds(30)).until(() -> predictions.poll().size() == 1);

      long startNanos = System.nanoTime();
      for (int i = 2; i <= 6; i++) {
        int answered = i;
        workbench.send(0, "after the one before", FakeDecoder.grey(i));
        await().until(() -> predictions.poll().size() == answered);
      }

      assertThat(Duration.ofNanos(System.nanoTime() - startNanos))
          .isLessThan(Duration.ofSeconds(9));
    }
  }
}
