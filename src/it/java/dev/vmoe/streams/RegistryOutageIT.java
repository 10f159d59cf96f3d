package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.event.Prediction;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.instance.Pipeline;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A registry that is away for a while delays images; it costs none. */
@ExtendWith(CrashesBorne.class)
class RegistryOutageIT {

  @Test
  void shouldWaitForTheRegistryAndDeadLetterNothing() throws Exception {
    outage(Duration.ofSeconds(30), 2);
  }

  @Test
  void shouldReadAgainAfterTheThreadGaveUpOnTheRegistry() throws Exception {
    outage(Duration.ofMillis(200), 10);
  }

  private static void outage(Duration retry, int attempts) throws Exception {
    try (Workbench workbench = Workbench.open(1);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(
                workbench.settings(
                    Map.of(
                        "schema.registry.url",
                        gate.url(),
                        "schema.registry.retry.ms",
                        retry.toMillis())),
                classifier,
                new FakeDecoder(8 * 8 * 3));
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(60))).isTrue();
      gate.shut();
      workbench.sendByAnotherVersion(0, "a", FakeDecoder.grey(10));
      workbench.send(0, "b", FakeDecoder.grey(20));
      await().atMost(Duration.ofSeconds(60)).until(() -> gate.turnedAway() >= attempts);
      gate.reopen();

      await().atMost(Duration.ofSeconds(60)).until(() -> predictions.poll().size() >= 2);
      assertThat(predictions.pollToEnd())
          .extracting(Prediction::getSourceOffset)
          .containsExactly(0L, 1L);
      assertThat(letters.pollToEnd()).isEmpty();
    }
  }
}
