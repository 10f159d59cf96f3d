package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.client.ImageProducer;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicPlan;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Images come by two topics with names of the user's, answers go to one. */
@ExtendWith(CrashesBorne.class)
class OwnTopicsIT {

  private static final String NORTH = "cameras.north";
  private static final String SOUTH = "cameras.south";
  private static final String ANSWERS = "answers";
  private static final int NORTH_PARTITIONS = 3;
  private static final int RECORDS = 240;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void shouldAnswerTheImagesOfAllTopicsExactlyOnceAndInOrder() throws Exception {
    try (Workbench workbench = Workbench.open(1)) {
      Settings settings =
          workbench.settings(
              Map.of(
                  "topics.images",
                  workbench.topic(NORTH) + ", " + workbench.topic(SOUTH),
                  "topics.predictions",
                  workbench.topic(ANSWERS),
                  "streams.num.stream.threads",
                  2));
      workbench
          .admin
          .createTopics(List.of(new NewTopic(workbench.topic(NORTH), NORTH_PARTITIONS, (short) 1)))
          .all()
          .get();
      new TopicAdmin(workbench.admin, settings).create(TopicPlan.load());

      try (Answers answers = Answers.of(workbench, ANSWERS, List.of(NORTH, SOUTH));
          Workbench.Reader<ExpertUtilization> utilization = workbench.utilization()) {
        try (FakeClassifier classifier = new FakeClassifier(Duration.ofMillis(20));
            Pipeline pipeline = start(settings, classifier)) {
          classifier.hold();
          feed(workbench, NORTH);
          feed(workbench, SOUTH);
          await("the backlog of both topics")
              .atMost(LIMIT)
              .until(() -> pipeline.load().backlogImages() == 2 * RECORDS);
          classifier.failNext(1);
          classifier.release();
          await("answers after a crash").atMost(LIMIT).until(() -> answers.poll() > 50);
        }
        AtomicInteger rounds = new AtomicInteger(2);
        // two others go on with what this one had in work, and share the tasks of both topics
        try (FakeClassifier first = new FakeClassifier(Duration.ofMillis(20));
            Pipeline alone = start(settings, first)) {
          await("the first one's work").atMost(LIMIT).until(() -> first.runs() > 0);
          try (FakeClassifier second = new FakeClassifier();
              Pipeline joined = start(settings, second)) {
            await("a share for the second")
                .atMost(LIMIT)
                .pollInterval(Duration.ofMillis(500))
                .until(
                    () -> {
                      feed(workbench, NORTH);
                      rounds.incrementAndGet();
                      return second.runs() > 0;
                    });
          } // and back
          await("all answers").atMost(LIMIT).until(() -> answers.poll() >= rounds.get() * RECORDS);
        }

        answers.assertExactlyOnce();
        assertThat(answers.letters.records).isNotEmpty();
        assertInOrder(answers.predictions);
        assertThat(utilization.pollToEnd().stream().mapToInt(ExpertUtilization::getImages).sum())
            .isEqualTo(answers.predictions.read.size());
      }
    }
  }

  private static Pipeline start(Settings settings, FakeClassifier classifier) {
    return Pipeline.start(settings, classifier, new FakeDecoder(8 * 8 * 3));
  }

  /** Sends images to all partitions; one in twenty is rubbish. */
  private static void feed(Workbench workbench, String topic) {
    try (ImageProducer producer =
        new ImageProducer(
            Map.of("bootstrap.servers", workbench.bootstrapServers),
            workbench.registry,
            workbench.topic(topic))) {
      for (int i = 0; i < RECORDS; i++) {
        byte[] image = i % 20 == 0 ? new byte[] {1, 2, 3} : FakeDecoder.grey(i % 256);
        producer.send(
            topic + i, ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).build());
      }
      producer.flush();
    }
  }

  /** In a partition of answers, those to one partition of images come in its order. */
  private static void assertInOrder(Workbench.Reader<Prediction> predictions) {
    Map<String, Long> newest = new HashMap<>();
    for (int i = 0; i < predictions.read.size(); i++) {
      Prediction answer = predictions.read.get(i);
      String pair =
          predictions.records.get(i).partition()
              + " of "
              + answer.getSourceTopic()
              + "/"
              + answer.getSourcePartition();
      Long before = newest.put(pair, answer.getSourceOffset());
      assertThat(answer.getSourceOffset()).as(pair).isGreaterThan(before == null ? -1 : before);
    }
  }
}
