package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.container.Docker;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.testcontainers.kafka.KafkaContainer;

/** The topology against a broker that is not this JVM's: Apache Kafka's own image. */
class ContainerIT {

  private static final String IMAGE = "apache/kafka:4.3.1";

  @Test
  void shouldAnswerImagesOnABrokerInAContainer() throws Exception {
    Docker.require("the topology was not run against " + IMAGE);
    try (KafkaContainer kafka = new KafkaContainer(IMAGE)) {
      kafka.start();
      try (Workbench workbench = Workbench.open(2, kafka.getBootstrapServers());
          FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline =
              Pipeline.start(workbench.settings(Map.of()), classifier, new FakeDecoder(8 * 8 * 3));
          Workbench.Reader<Prediction> predictions = workbench.predictions()) {
        for (int i = 0; i < 100; i++) {
          workbench.send(i % 2, "k" + i, FakeDecoder.grey(i));
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> predictions.poll().size() >= 100);
        assertThat(predictions.pollToEnd()).hasSize(100);
        assertThat(pipeline.failure()).isEmpty();
      }
    }
  }
}
