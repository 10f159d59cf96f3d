package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.commit.OwnerNote;
import dev.vmoe.event.Prediction;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.instance.ControllerFactory;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.Metric;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.StreamsGroupDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** What the guard does around Kafka Streams' own consumer, in a group of the streams protocol. */
class StreamsGroupIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Test
  void shouldCountAProcessThatEndedAndNoHandOver() throws Exception {
    int partitions = 2;
    try (Workbench workbench = Workbench.open(partitions);
        FakeClassifier first = new FakeClassifier();
        FakeClassifier second = new FakeClassifier();
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      leaveInWork(workbench, partitions);
      first.hold();
      second.hold();
      for (int i = 0; i < 6; i++) {
        workbench.send(i % partitions, "k" + i, FakeDecoder.grey(i));
      }
      workbench.flush();
      // With nothing read since a commit, Streams makes no last one: such a hand-over may count.
      Map<String, Object> rarely =
          Map.of(
              "streams.commit.interval.ms",
              3_000,
              "schema.registry.accept.empty",
              true); // the owner before never was
      try (Pipeline one = start(workbench, first, new Meters(), rarely)) {
        await("the end of the owner before is counted")
            .atMost(LIMIT)
            .untilAsserted(
                () ->
                    assertThat(RestartIT.notes(workbench))
                        .hasSize(partitions)
                        .allMatch(note -> note.deaths() == 1)
                        .allMatch(note -> note.work() == OwnerNote.InWork.BUSY));
        String owner = RestartIT.notes(workbench).iterator().next().owner();

        try (Pipeline another = start(workbench, second, new Meters(), rarely)) {
          await("a partition moves, with images in work")
              .atMost(LIMIT)
              .until(
                  () ->
                      RestartIT.notes(workbench).stream()
                          .anyMatch(note -> !note.owner().equals(owner)));
          assertThat(RestartIT.notes(workbench)).extracting(OwnerNote::deaths).containsOnly(1);
          first.release();
          second.release();
          await().atMost(LIMIT).until(() -> predictions.poll().size() >= 6);
          assertThat(predictions.pollToEnd()).hasSize(6);
        }
        await("the closed one has left, and not only timed out")
            .atMost(Duration.ofSeconds(3)) // sessions last 6 s, heartbeats come each second
            .until(() -> members(workbench) == 1);
      }
    }
  }

  @Test
  void shouldFetchNothingOfAPartitionThatIsHeld() throws Exception {
    int behind = 400;
    Meters meters = new Meters();
    try (Workbench workbench = Workbench.open(2);
        RegistryGate gate = RegistryGate.before(workbench.registryUrl);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            start(workbench, classifier, meters, Map.of("schema.registry.url", gate.url()));
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      gate.shut();
      workbench.sendByAnotherVersion(0, "unknown", FakeDecoder.grey(1));
      Map<String, String> raw = Map.of("content-type", "image/grey");
      for (int i = 0; i < behind; i++) {
        workbench.sendBytes(0, "unknown", FakeDecoder.grey(2), raw);
      }
      workbench.flush();
      await("asked again and again").atMost(LIMIT).until(() -> gate.turnedAway() >= 4);
      workbench.sendBytes(1, "beside", FakeDecoder.grey(3), raw);
      await("the other partition goes on")
          .atMost(LIMIT)
          .until(() -> predictions.poll().size() == 1);
      assertThat(meters.read().sum(Metric.IMAGES_HELD))
          .as("what was polled at once, not the whole partition")
          .isBetween(1.0, behind / 2.0);

      gate.reopen();
      await().atMost(LIMIT).until(() -> predictions.poll().size() >= behind + 2);
      assertThat(predictions.pollToEnd()).hasSize(behind + 2);
      assertThat(meters.read().sum(Metric.THREAD_FAILURES)).isZero();
    }
  }

  /** The group refuses another topology, but not when it comes back from the classic protocol. */
  @Test
  void shouldTakeOtherTopicsAfterAStartWithTheClassicProtocol() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      String images = workbench.topic("images");
      String both = images + "," + workbench.topic("more");
      workbench
          .admin
          .createTopics(List.of(new NewTopic(workbench.topic("more"), 1, (short) 1)))
          .all()
          .get();
      answer(workbench, predictions, 3, Map.of("topics.images", images));
      answer(
          workbench,
          predictions,
          6,
          Map.of("topics.images", both, Settings.GROUP_PROTOCOL, "classic"));
      answer(workbench, predictions, 9, Map.of("topics.images", both));
      assertThat(predictions.pollToEnd()).as("none is answered twice").hasSize(9);
    }
  }

  /** Starts an instance, sends three images and waits for so many answers in all. */
  private static void answer(
      Workbench workbench, Workbench.Reader<Prediction> predictions, int all, Map<String, ?> more)
      throws Exception {
    try (FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline = start(workbench, classifier, new Meters(), more)) {
      assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
      for (int i = 0; i < 3; i++) {
        workbench.send(0, "k" + i, FakeDecoder.grey(i));
      }
      workbench.flush();
      await("answers").atMost(LIMIT).until(() -> predictions.poll().size() >= all);
    }
  }

  private static Pipeline start(
      Workbench workbench, FakeClassifier classifier, Meters meters, Map<String, ?> more) {
    Map<String, Object> settings = new HashMap<>(Map.of(Settings.GROUP_PROTOCOL, "streams"));
    settings.putAll(more);
    return Pipeline.start(
        workbench.settings(settings),
        classifier,
        new FakeDecoder(8 * 8 * 3),
        ControllerFactory.fixed(),
        Pipeline.metrics(meters, classifier.card()));
  }

  /** Leaves what a process leaves that ended with images of every partition in work. */
  private static void leaveInWork(Workbench workbench, int partitions) throws Exception {
    Map<TopicPartition, OffsetAndMetadata> left = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      left.put(
          new TopicPartition(workbench.topic("images"), partition),
          new OffsetAndMetadata(0, "|deadbeef,BUSY,0,-1,0"));
    }
    workbench.admin.alterConsumerGroupOffsets(workbench.prefix + "app", left).all().get();
  }

  private static int members(Workbench workbench) throws Exception {
    String group = workbench.prefix + "app";
    Map<String, StreamsGroupDescription> groups =
        workbench.admin.describeStreamsGroups(List.of(group)).all().get();
    return groups.get(group).members().size();
  }
}
