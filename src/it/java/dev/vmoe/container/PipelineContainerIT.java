package dev.vmoe.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.WaitContainerResultCallback;
import dev.vmoe.event.Prediction;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;

/**
 * The pipeline's image with a broker and a registry in containers: the instance is killed, the
 * broker is restarted, and every image is answered exactly once.
 */
@Tag("soak")
class PipelineContainerIT {

  private static final Duration LIMIT = Duration.ofSeconds(120);
  private static final int IMAGES = 1500;
  private static final int RATE = 50;

  @Test
  @Timeout(400)
  void shouldAnswerEveryImageOnceThroughKillAndBrokerRestart() throws Exception {
    Docker.requireImage("the pipeline's image was not run through a kill and a broker's restart");
    DockerClient docker = DockerClientFactory.instance().client();
    try (Stack stack = new Stack();
        GenericContainer<?> pipeline = stack.startPipeline();
        GenericContainer<?> producer =
            stack.container(
                "produce", "--sample", "--count", "" + IMAGES, "--rate", "" + RATE, "--json");
        Predictions predictions = new Predictions(stack.bootstrapServers(), stack.registryUrl())) {
      producer.start();
      await().atMost(LIMIT).until(() -> predictions.poll().size() >= 100);

      stack.vmoe("config", "set", "capacity.mode=fixed", "capacity.ratio=0.25", "--note", "test");
      await()
          .atMost(LIMIT)
          .until(() -> predictions.poll().stream().anyMatch(PipelineContainerIT::isAtAQuarter));

      docker.killContainerCmd(pipeline.getContainerId()).exec();
      int beforeKill = predictions.poll().size();
      docker.startContainerCmd(pipeline.getContainerId()).exec();
      await().atMost(LIMIT).until(() -> predictions.poll().size() >= beforeKill + 100);

      stack.restartKafka();
      await().atMost(LIMIT).until(() -> predictions.poll().size() >= IMAGES);

      int code =
          docker
              .waitContainerCmd(producer.getContainerId())
              .exec(new WaitContainerResultCallback())
              .awaitStatusCode(LIMIT.toSeconds(), TimeUnit.SECONDS);
      assertThat(code).as(producer::getLogs).isZero();
      Map<String, Integer> expected = new HashMap<>();
      IntStream.range(0, IMAGES).forEach(i -> expected.put("sample-" + i, 1));
      List<Prediction> all = predictions.pollToEnd();
      assertThat(predictions.times()).isEqualTo(expected);
      assertCorrect(all);
    } catch (AssertionError | RuntimeException e) {
      System.err.println(Docker.run("ps", "--all")); // which of them is not up
      throw e;
    }
  }

  private static boolean isAtAQuarter(Prediction prediction) {
    return prediction.getRequestedCapacityRatio() == 0.25
        && prediction.getConfigurationVersion() != null;
  }

  /** The labels are kept, and the model in the image is the trained one. */
  private static void assertCorrect(List<Prediction> all) {
    Stream<Prediction> right =
        all.stream().filter(p -> p.getTop().get(0).getLabel().equals(p.getLabel()));
    assertThat(right.count()).isGreaterThan(all.size() * 85L / 100);
    assertThat(all).last().matches(PipelineContainerIT::isAtAQuarter);
  }
}
