package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.streams.commit.OffsetNote;
import dev.vmoe.streams.instance.Pipeline;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

/** A pipeline that was stopped cleanly goes on where it was, wherever that was. */
class RestartIT {

  private static final int PARTITIONS = 2;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final ImageDecoder decoder = new FakeDecoder(8 * 8 * 3);

  @Test
  void shouldAnswerNothingAgainWhenAllWasAnsweredBeforeTheStop() throws Exception {
    int sent = 500;
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench)) {
      Feeder.feed(workbench, PARTITIONS, sent);
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = Pipeline.start(workbench.settings(Map.of()), classifier, decoder)) {
        awaitAnswers(answers, sent);
      }
      assertThat(committed(workbench)).isEqualTo(ends(workbench));

      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = Pipeline.start(workbench.settings(Map.of()), classifier, decoder)) {
        assertThat(pipeline.awaitRunning(LIMIT)).isTrue();
        // Partitions are answered in order: what came again would come ahead of these.
        for (int partition = 0; partition < PARTITIONS; partition++) {
          workbench.send(partition, "behind all in " + partition, FakeDecoder.grey(1));
        }
        workbench.flush();
        awaitAnswers(answers, sent + PARTITIONS);
      }
      answers.assertExactlyOnce();
      assertThat(committed(workbench)).isEqualTo(ends(workbench));
    }
  }

  @Test
  void shouldLoseAndRepeatNothingWhenStoppedWithImagesInFlight() throws Exception {
    int sent = 3000;
    int stops = 3;
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Answers answers = Answers.of(workbench)) {
      Feeder.feed(workbench, PARTITIONS, sent);
      for (int stop = 0; stop < stops; stop++) {
        int predictions = answers.predictions.pollToEnd().size();
        int before = answers.poll();
        AtomicInteger decoded = new AtomicInteger();
        ImageDecoder counting =
            (encoded, images, slot) -> {
              decoder.decode(encoded, images, slot);
              decoded.incrementAndGet();
            };
        try (FakeClassifier slow = new FakeClassifier(Duration.ofMillis(40));
            Pipeline pipeline = Pipeline.start(workbench.settings(Map.of()), slow, counting)) {
          await("some answers").atMost(LIMIT).until(() -> answers.poll() > before + 100);
          slow.hold();
          await("a batch that runs").atMost(LIMIT).until(slow::isHolding);
        }
        assertThat(answers.predictions.pollToEnd().size() - predictions)
            .as("images answered, of %s decoded", decoded)
            .isLessThan(decoded.get());
        assertThat(committed(workbench)).isNotEqualTo(ends(workbench));
        assertThat(notes(workbench))
            .as("a stop leaves nothing to count")
            .isNotEmpty()
            .allMatch(note -> note.work() == OffsetNote.InWork.IDLE && note.deaths() == 0);
      }
      try (FakeClassifier classifier = new FakeClassifier();
          Pipeline pipeline = Pipeline.start(workbench.settings(Map.of()), classifier, decoder)) {
        awaitAnswers(answers, sent);
      }
      answers.assertExactlyOnce();
      assertThat(committed(workbench)).isEqualTo(ends(workbench));
    }
  }

  private static void awaitAnswers(Answers answers, int count) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(answers.poll()).as("answers").isGreaterThanOrEqualTo(count));
  }

  private static Map<TopicPartition, Long> committed(Workbench workbench) throws Exception {
    Map<TopicPartition, Long> committed = new HashMap<>();
    workbench
        .admin
        .listConsumerGroupOffsets(workbench.prefix + "app")
        .partitionsToOffsetAndMetadata()
        .get()
        .forEach((partition, offset) -> committed.put(partition, offset.offset()));
    return committed;
  }

  /** Returns what the owners of the partitions have noted behind their offsets. */
  static List<OffsetNote.Owner> notes(Workbench workbench) throws Exception {
    return workbench
        .admin
        .listConsumerGroupOffsets(workbench.prefix + "app")
        .partitionsToOffsetAndMetadata()
        .get()
        .values()
        .stream()
        .map(offset -> OffsetNote.in(offset.metadata()).owner())
        .toList();
  }

  private static Map<TopicPartition, Long> ends(Workbench workbench) throws Exception {
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    for (int partition = 0; partition < PARTITIONS; partition++) {
      latest.put(new TopicPartition(workbench.topic("images"), partition), OffsetSpec.latest());
    }
    Map<TopicPartition, Long> ends = new HashMap<>();
    workbench
        .admin
        .listOffsets(latest)
        .all()
        .get()
        .forEach((partition, end) -> ends.put(partition, end.offset()));
    return ends;
  }
}
