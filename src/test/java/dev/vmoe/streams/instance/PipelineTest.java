package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topology.SteadyTime;
import dev.vmoe.streams.topology.StreamsProperties;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.DisconnectException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineTest {

  private final FakeClassifier classifier = new FakeClassifier();
  private final FakeDecoder decoder = new FakeDecoder(8 * 8 * 3);

  @Test
  void shouldRefuseMoreExpertsPerTokenThanTheModelWasTrainedWith() {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(
            () ->
                Pipeline.start(
                    new Settings(Map.of("experts.per.token", 3, "bootstrap.servers", "nowhere:1")),
                    classifier,
                    decoder))
        .withMessage(
            "experts.per.token: K 3 outside 1 to 2, the K that fake was trained with (4 experts)");
  }

  @Test
  void shouldCloseWhatWasOpenedIfKafkaStreamsCannotBe() {
    Set<Thread> before = inferenceThreads();
    Settings settings =
        new Settings(
            Map.of(
                "schema.registry.url",
                "mock://" + UUID.randomUUID(),
                "schema.registry.accept.empty",
                true,
                "streams.security.protocol",
                "SSL",
                "streams.ssl.truststore.location",
                "/no/such/truststore.jks"));
    StreamsConfig config = new StreamsConfig(new StreamsProperties(settings).streams(1_000_000));

    assertThatExceptionOfType(KafkaException.class)
        .isThrownBy(
            () ->
                Pipeline.open(
                    settings,
                    LiveSettings.of(settings).runnable(List.of(classifier.card()), 1),
                    config,
                    TopicLimits.assumed(1_000_000),
                    ModelSource.only(null, classifier, decoder, ControllerFactory.fixed()),
                    Pipeline.metrics(new Meters(), classifier.card()),
                    waiting -> {},
                    SteadyTime::new));

    assertThat(before).containsAll(inferenceThreads());
  }

  @ParameterizedTest
  @MethodSource
  void shouldExcuseFailuresBesideImages(Throwable failure) {
    assertThat(ThreadFailures.besideImages(failure)).isTrue();
    assertThat(ThreadFailures.besideImages(new StreamsException(failure))).isTrue();
    assertThat(ThreadFailures.besideImages(new PipelineException("a right is missing", failure)))
        .isTrue();
  }

  static Stream<Throwable> shouldExcuseFailuresBesideImages() {
    return Stream.of(
        new SaslAuthenticationException("wrong password"),
        new TopicAuthorizationException("predictions"),
        new TimeoutException("no answer"),
        new DisconnectException(),
        new ProducerFencedException("another one"),
        new InvalidProducerEpochException("another one"),
        new InvalidTxnStateException("ended by the broker"),
        new TaskMigratedException("another one", new ProducerFencedException("it")),
        new RegistryUnavailableException("no answer", new IOException()));
  }

  @Test
  void shouldExcuseNoFailureThatAnImageMayCause() {
    for (Throwable failure :
        List.of(
            new InferenceException("the run failed"),
            new OutOfMemoryError("for its pixels"),
            new RecordTooLargeException("its answer"),
            new IllegalStateException("a defect"))) {
      assertThat(ThreadFailures.besideImages(new StreamsException(failure)))
          .as("%s", failure)
          .isFalse();
    }
  }

  private static Set<Thread> inferenceThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && thread.getName().equals("vmoe-inference"))
        .collect(Collectors.toSet());
  }
}
