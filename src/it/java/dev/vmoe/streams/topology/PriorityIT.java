package dev.vmoe.streams.topology;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.event.Prediction;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.streams.instance.Pipeline;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Priority from a producer's record to the slots of a real model's experts. */
class PriorityIT {

  private static final int SIZE = 12;
  private static final int RECORDS = 16;

  /** Ten tokens an image, two of four blocks are mixtures of four experts. */
  private static final VmoeArchitecture ARCHITECTURE =
      Architectures.of(
          SIZE, 4, 24, 32, 2, 4, List.of(1, 3), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  @TempDir Path folder;

  @Test
  void shouldKeepTheTokensOfImagesThatMatterWhileOthersDropTheirs() throws Exception {
    Path model = folder.resolve("random.onnx");
    ModelImport.write(RandomCheckpoint.of(ARCHITECTURE, 5), ImportOptions.named("random"), model);
    Map<String, Object> settings =
        Map.of(
            "capacity.mode",
            "fixed",
            "capacity.ratio",
            0.25,
            "batch.max.images",
            RECORDS,
            "batch.linger.ms",
            60_000, // the records below are one batch
            "streams.commit.interval.ms",
            50);
    try (Workbench workbench = Workbench.open(1);
        VmoeSession session =
            VmoeSession.open(model, new SessionSettings(Device.CPU, 1, false, List.of(1)));
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(settings), session, new FakeDecoder(SIZE * SIZE * 3));
        Answers answers = Answers.of(workbench)) {
      for (int i = 0; i < RECORDS; i++) {
        send(workbench, i);
      }
      workbench.flush();
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(answers.poll()).isGreaterThanOrEqualTo(RECORDS));

      answers.assertExactlyOnce();
      assertThat(Answers.keys(answers.letters)).containsExactly("words 1", "words 4", "too much 9");
      assertThat(Answers.header(answers.letters.records.get(2), DeadLetter.MESSAGE))
          .isEqualTo("the priority is 1000.0, which is not from 0.01 to 100.0");
      Map<Float, Double> least = new HashMap<>();
      Map<Float, Double> most = new HashMap<>();
      for (Prediction prediction : answers.predictions.read) {
        assertThat(prediction.getBatchSize()).isEqualTo(RECORDS - 3);
        double share = prediction.getProcessedShare();
        least.merge(prediction.getPriority(), share, Math::min);
        most.merge(prediction.getPriority(), share, Math::max);
      }
      // C = 20 slots for each of the two images' 20 first choices, whoever they go to
      assertThat(least.get(10f)).isGreaterThanOrEqualTo(.5);
      assertThat(most.get(1f)).isLessThan(least.get(10f));
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  /** What is rejected lies before and between the two images that matter, at 6 and 13. */
  private static void send(Workbench workbench, int i) {
    switch (i) {
      case 1, 4 -> workbench.sendBytes(0, "words " + i, "just words".getBytes(UTF_8), Map.of());
      case 9 -> workbench.send(0, "too much " + i, FakeDecoder.grey(20 * i), 1000);
      case 6, 13 -> workbench.send(0, "matters " + i, FakeDecoder.grey(15 * i), 10);
      default -> workbench.send(0, "other " + i, FakeDecoder.grey(15 * i));
    }
  }
}
