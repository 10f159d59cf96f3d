package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.event.SchemaRefusedException;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.Map;
import org.apache.avro.SchemaBuilder;
import org.apache.kafka.common.errors.RecordTooLargeException;
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
          .withMessageContaining("vmoe topics create");
    }
  }

  @Test
  void shouldSayThatTheRegistryDoesNotAnswer() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      Map<String, Object> nowhere =
          Map.of("schema.registry.url", "http://127.0.0.1:9", "schema.registry.retry.ms", 100);
      assertThatExceptionOfType(RegistryUnavailableException.class)
          .isThrownBy(() -> start(workbench, nowhere))
          .withMessageContaining("http://127.0.0.1:9");
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
  void shouldStopWithTheErrorWhenARecordIsLargerThanTheProducerMaySend() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Pipeline pipeline = start(workbench, Map.of("producer.max.request.size", 2000));
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq");
        Workbench.Reader<?> predictions = workbench.predictions()) {
      workbench.send(0, "fits", FakeDecoder.grey(1));
      workbench.send(0, "does not fit", new byte[4000]);
      workbench.send(0, "comes behind", FakeDecoder.grey(2));

      Awaitility.await()
          .atMost(Duration.ofSeconds(100))
          .until(() -> pipeline.failure().isPresent());
      assertThat(pipeline.failure().orElseThrow())
          .hasRootCauseInstanceOf(RecordTooLargeException.class);
      assertThat(letters.pollToEnd()).isEmpty();
      // Nothing behind it was answered ahead of it, so nothing is lost once it fits.
      assertThat(predictions.pollToEnd()).hasSizeLessThanOrEqualTo(1);
    }
  }

  private Pipeline start(Workbench workbench, Map<String, ?> more) {
    Settings settings = workbench.settings(more);
    return Pipeline.start(settings, classifier, new FakeDecoder(8 * 8 * 3));
  }
}
