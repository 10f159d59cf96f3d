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
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

/** What the guard does around the consumer of Kafka Streams, as a member of its group. */
class GroupMemberIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration HALF = LIMIT.dividedBy(2);

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
      Map<String, Object> rarely = Map.of("streams.commit.interval.ms", 3_000);
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
            .until(() -> members(workbench).size() == 1);
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

  /** An instance that is killed while it commits leaves offsets that nobody may read yet. */
  @Test
  void shouldAnswerOtherPartitionsOfTheThreadWhileATransactionIsOpen() throws Exception {
    Map<String, ?> soon = Map.of("consumer.metadata.max.age.ms", 5_000);
    try (Workbench workbench = Workbench.open(1);
        KafkaProducer<byte[], byte[]> killed = transactional(workbench);
        FakeClassifier classifier = new FakeClassifier();
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Pipeline pipeline = start(workbench, classifier, new Meters(), soon)) {
      workbench.send(0, "before", FakeDecoder.grey(1));
      workbench.flush();
      await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);

      TopicPartition blocked = new TopicPartition(workbench.topic("images"), 1);
      killed.initTransactions();
      workbench
          .admin
          .createPartitions(Map.of(blocked.topic(), NewPartitions.increaseTo(2)))
          .all()
          .get();
      killed.beginTransaction();
      killed.sendOffsetsToTransaction(
          Map.of(blocked, new OffsetAndMetadata(0)),
          new ConsumerGroupMetadata(workbench.prefix + "app"));
      await("the thread has both").atMost(HALF).until(() -> assigned(workbench).contains(blocked));
      workbench.send(1, "blocked", FakeDecoder.grey(2));
      for (int answers = 2; answers <= 6; answers++) { // one after the other, over several loops
        workbench.send(0, "meanwhile", FakeDecoder.grey(3));
        workbench.flush();
        int all = answers;
        await("the other partition").atMost(HALF).until(() -> predictions.poll().size() >= all);
      }
      assertThat(predictions.read).extracting(Prediction::getSourcePartition).containsOnly(0);

      killed.abortTransaction();
      await("this one, too").atMost(HALF).until(() -> predictions.poll().size() == 7);
    }
  }

  private static KafkaProducer<byte[], byte[]> transactional(Workbench workbench) {
    return new KafkaProducer<>(
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            workbench.bootstrapServers,
            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
            workbench.prefix + "killed",
            ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
            (int) LIMIT.multipliedBy(5).toMillis()),
        new ByteArraySerializer(),
        new ByteArraySerializer());
  }

  private static Pipeline start(
      Workbench workbench, FakeClassifier classifier, Meters meters, Map<String, ?> more) {
    return Pipeline.start(
        workbench.settings(more),
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

  private static Set<TopicPartition> assigned(Workbench workbench) throws Exception {
    return members(workbench).stream()
        .flatMap(member -> member.assignment().topicPartitions().stream())
        .collect(Collectors.toSet());
  }

  private static Collection<MemberDescription> members(Workbench workbench) throws Exception {
    String group = workbench.prefix + "app";
    Map<String, ConsumerGroupDescription> groups =
        workbench.admin.describeConsumerGroups(List.of(group)).all().get();
    return groups.get(group).members();
  }
}
