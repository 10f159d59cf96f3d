package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaRefusedException;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.instance.StartWait;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.avro.SchemaBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What is wrong is said when the pipeline starts, or stops it; never in silence. */
@ExtendWith(CrashesBorne.class)
class StartIT {

  private final FakeClassifier classifier = new FakeClassifier();

  @Test
  void shouldNameTheTopicsThatAreMissing() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      assertThatExceptionOfType(PipelineException.class)
          .isThrownBy(() -> start(workbench, Map.of("topic.prefix", "other.")))
          .withMessageContaining("other.images")
          .withMessageContaining("other.config")
          .withMessageContaining("vmoe topics create");
    }
  }

  @Test
  void shouldWaitForARegistryThatDoesNotAnswerAndSayWhichWhenItIsStopped() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      Map<String, Object> nowhere = Map.of("schema.registry.url", "http://127.0.0.1:9");
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread starting =
          new Thread(() -> failure.set(catchThrowable(() -> start(workbench, nowhere))));
      starting.start();
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> StartWait.isForRegistry(starting));
      assertThat(failure).hasNullValue();

      starting.interrupt();
      starting.join();

      assertThat(failure.get())
          .isInstanceOf(RegistryUnavailableException.class)
          .hasMessageContaining("http://127.0.0.1:9");
    }
  }

  @Test
  void shouldSayThatASchemaIsNotCompatible() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      workbench.registry.register(
          workbench.topic("predictions"),
          SchemaBuilder.record("Prediction")
              .namespace("dev.vmoe.event")
              .fields()
              .requiredInt("batchId")
              .endRecord());
      assertThatExceptionOfType(SchemaRefusedException.class)
          .isThrownBy(() -> start(workbench, Map.of()))
          .withMessageContaining("predictions-value")
          .withMessageContaining("not compatible");
    }
  }

  @Test
  void shouldLeaveOutTheValueOfALetterThatIsLargerThanTheProducerMaySend() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Pipeline pipeline = start(workbench, Map.of("producer.max.request.size", 2000));
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq");
        Workbench.Reader<?> predictions = workbench.predictions()) {
      workbench.send(0, "fits", FakeDecoder.grey(1));
      workbench.send(0, "does not fit", new byte[4000]);
      workbench.sendBytes(
          0, "carries too much", new byte[1], Map.of("baggage", "x".repeat(1_500_000)));
      workbench.send(0, "comes behind", FakeDecoder.grey(2));

      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> predictions.poll().size() >= 2 && letters.poll().size() >= 2);
      assertThat(letters.records.get(0).value()).isNull();
      assertThat(reason(letters, 0))
          .contains(
              "left out, too large to be sent: it is at " + workbench.topic("images") + "/0/1");
      assertThat(letters.records.get(1).value()).isNull();
      assertThat(letters.records.get(1).headers().lastHeader("baggage")).isNull();
      assertThat(reason(letters, 1)).contains("and headers of 15000");
      assertThat(pipeline.failure()).isEmpty();
    }
  }

  private static String reason(Workbench.Reader<byte[]> letters, int at) {
    return new String(
        letters.records.get(at).headers().lastHeader("__streams.errors.message").value(),
        java.nio.charset.StandardCharsets.UTF_8);
  }

  private Pipeline start(Workbench workbench, Map<String, ?> more) {
    Settings settings = workbench.settings(more);
    return Pipeline.start(settings, classifier, new FakeDecoder(8 * 8 * 3));
  }
}
