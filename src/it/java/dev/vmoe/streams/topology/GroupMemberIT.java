package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.OffsetNote;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Metric;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the guard does around the consumer of Kafka Streams, as a member of its group. */
class GroupMemberIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration HALF = LIMIT.dividedBy(2);

  /** Longer than a transaction must be open to be ended. */
  private static final Duration LONG = Duration.ofSeconds(8);

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
                        .allMatch(note -> note.work() == OffsetNote.InWork.BUSY));
        String owner = RestartIT.notes(workbench).iterator().next().process();

        try (Pipeline another = start(workbench, second, new Meters(), rarely)) {
          await("a partition moves, with images in work")
              .atMost(LIMIT)
              .until(
                  () ->
                      RestartIT.notes(workbench).stream()
                          .anyMatch(note -> !note.process().equals(owner)));
          assertThat(RestartIT.notes(workbench))
              .extracting(OffsetNote.Owner::deaths)
              .containsOnly(1);
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

  /** As an instance that is killed while it commits, but for a member that is still there. */
  @Test
  void shouldAnswerOtherPartitionsOfTheThreadWhileATransactionIsOpen() throws Exception {
    Map<String, ?> soon = Map.of("consumer.metadata.max.age.ms", 5_000);
    try (Workbench workbench = Workbench.open(1);
        KafkaProducer<byte[], byte[]> open = transactional(workbench);
        FakeClassifier classifier = new FakeClassifier();
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Pipeline pipeline = start(workbench, classifier, new Meters(), soon)) {
      workbench.send(0, "before", FakeDecoder.grey(1));
      workbench.flush();
      await().atMost(LIMIT).until(() -> predictions.poll().size() == 1);

      String member = members(workbench).iterator().next().consumerId();
      open.initTransactions();
      open.beginTransaction(); // any partition of the group will do for the note
      sendOffsets(
          open,
          workbench,
          new TopicPartition(workbench.topic("predictions"), 0),
          note(workbench, member));
      open.commitTransaction();
      TopicPartition blocked = new TopicPartition(workbench.topic("images"), 1);
      workbench
          .admin
          .createPartitions(Map.of(blocked.topic(), NewPartitions.increaseTo(2)))
          .all()
          .get();
      open.beginTransaction();
      sendOffsets(open, workbench, blocked, "");
      await("the thread has both").atMost(HALF).until(() -> assigned(workbench).contains(blocked));
      long sinceNanos = System.nanoTime();
      workbench.send(1, "blocked", FakeDecoder.grey(2));
      int answers = 1;
      while (System.nanoTime() - sinceNanos < LONG.toNanos()) { // over several loops
        workbench.send(0, "meanwhile", FakeDecoder.grey(3));
        workbench.flush();
        answers++;
        int all = answers;
        await("the other partition").atMost(HALF).until(() -> predictions.poll().size() >= all);
      }
      assertThat(predictions.read).extracting(Prediction::getSourcePartition).containsOnly(0);

      open.abortTransaction();
      int all = answers + 1;
      await("this one, too").atMost(HALF).until(() -> predictions.poll().size() == all);
    }
  }

  /** Its offset cannot be read, and answers behind it cannot be seen, until it is ended. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void shouldEndTheTransactionsOfMembersThatAreGone(boolean whileItCommits) throws Exception {
    try (Workbench workbench = Workbench.open(1);
        KafkaProducer<byte[], byte[]> killed = transactional(workbench);
        FakeClassifier classifier = new FakeClassifier();
        Workbench.Reader<Prediction> predictions = workbench.predictions()) {
      killed.initTransactions();
      killed.beginTransaction();
      killed.send(new ProducerRecord<>(workbench.topic("predictions"), 0, null, new byte[1])).get();
      if (whileItCommits) {
        TopicPartition images = new TopicPartition(workbench.topic("images"), 0);
        sendOffsets(killed, workbench, images, "");
      }
      workbench.send(0, "behind", FakeDecoder.grey(1));
      workbench.flush();
      await("as long as the group takes to miss a member") // nothing is looked at again
          .atMost(LIMIT)
          .until(() -> openFor(workbench, Duration.ofSeconds(5)) > 0);

      try (Pipeline pipeline = start(workbench, classifier, new Meters(), Map.of())) {
        await().atMost(HALF).until(() -> predictions.poll().size() == 1);
      }
      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  private static long openFor(Workbench workbench, Duration duration) throws Exception {
    return workbench
        .admin
        .listTransactions(new ListTransactionsOptions().filterOnDuration(duration.toMillis()))
        .all()
        .get()
        .stream()
        .filter(it -> it.transactionalId().equals(transactionalId(workbench)))
        .count();
  }

  private static String transactionalId(Workbench workbench) {
    return workbench.prefix + "app-850cdbc9-f9c9-4059-b14a-16727ec1c7b2-1";
  }

  private static String note(Workbench workbench, String member) {
    return "|producer,%s,%s"
        .formatted(transactionalId(workbench), member.substring(member.length() - 36));
  }

  private static void sendOffsets(
      KafkaProducer<byte[], byte[]> producer,
      Workbench workbench,
      TopicPartition partition,
      String metadata) {
    producer.sendOffsetsToTransaction(
        Map.of(partition, new OffsetAndMetadata(0, metadata)),
        new ConsumerGroupMetadata(workbench.prefix + "app"));
  }

  private static KafkaProducer<byte[], byte[]> transactional(Workbench workbench) {
    return new KafkaProducer<>(
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            workbench.bootstrapServers,
            ProducerConfig.TRANSACTIONAL_ID_CONFIG,
            transactionalId(workbench),
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
