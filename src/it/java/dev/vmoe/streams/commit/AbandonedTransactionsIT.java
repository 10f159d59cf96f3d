package dev.vmoe.streams.commit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.SharedServers;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Open transactions on a real broker: those that are ended, and those that are not. */
class AbandonedTransactionsIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(1);

  /** A member id that nobody has. */
  private static final String GONE = "consumer-8c1f90d4-5a5f-4a55-9d4f-9f3f2a9c1e00";

  private final String application = "a" + UUID.randomUUID().toString().substring(0, 8);
  private final TopicPartition topic = new TopicPartition(application, 0);
  private final String servers = SharedServers.kafka().bootstrapServers();
  private final Admin admin = Admin.create(Map.of("bootstrap.servers", servers));

  /** Looks that are over. */
  private final AtomicInteger looks = new AtomicInteger();

  @BeforeEach
  void createTopicAndGroup() throws Exception {
    admin.createTopics(List.of(new NewTopic(topic.topic(), 1, (short) 1))).all().get();
    admin
        .alterConsumerGroupOffsets(application, Map.of(topic, new OffsetAndMetadata(0)))
        .all()
        .get();
  }

  @AfterEach
  void close() {
    admin.close();
  }

  @Test
  void shouldEndATransactionWhoseProducerNeverCommitted() throws Exception {
    try (KafkaProducer<byte[], byte[]> killed = open(application, "")) {
      look(SHORT);

      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  @Test
  void shouldEndThatOfAMemberThatIsGone() throws Exception {
    try (KafkaProducer<byte[], byte[]> killed = open(application, GONE)) {
      look(SHORT);

      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  @Test
  void shouldLeaveThatOfAMember() throws Exception {
    try (KafkaConsumer<byte[], byte[]> member = member("of my own")) {
      assertThat(KafkaInternals.memberUuid(member.groupMetadata().memberId())).isNotEmpty();
      try (KafkaProducer<byte[], byte[]> waiting =
              open(application, member.groupMetadata().memberId());
          KafkaProducer<byte[], byte[]> killed = open(application, "")) {
        look(SHORT);

        assertThatCode(waiting::commitTransaction).doesNotThrowAnyException();
        assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
      }
    }
  }

  /** It has committed nothing yet, but it has the client id that Kafka Streams gives. */
  @Test
  void shouldLeaveThatOfAMemberOfTheSameProcessAndThread() throws Exception {
    UUID process = UUID.randomUUID();
    try (KafkaConsumer<byte[], byte[]> member =
            member(application + "-" + process + "-StreamThread-2-consumer");
        KafkaProducer<byte[], byte[]> second = open(application, process, 2, "");
        KafkaProducer<byte[], byte[]> first = open(application, process, 1, "")) {
      look(SHORT);

      assertThat(member.assignment()).isNotEmpty();
      assertThatCode(second::commitTransaction).doesNotThrowAnyException();
      assertThatThrownBy(first::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  @Test
  void shouldLeaveOneThatIsNotOpenForLong() throws Exception {
    try (KafkaProducer<byte[], byte[]> quick = open(application, GONE)) {
      AtomicInteger listed = new AtomicInteger();
      try (AbandonedTransactions abandoned =
          new AbandonedTransactions(
              () -> watched("listTransactions", listed::incrementAndGet),
              application,
              Duration.ofHours(1))) {
        abandoned.look();
        await().atMost(LIMIT).until(() -> listed.get() == 1);
        abandoned.look();
        await("the first look is over").atMost(LIMIT).until(() -> listed.get() == 2);
      }

      assertThatCode(quick::commitTransaction).doesNotThrowAnyException();
    }
  }

  /** As one that was killed a moment ago. */
  @Test
  void shouldLookAgainOnceItIsOpenForLong() throws Exception {
    Duration minOpen = Duration.ofSeconds(2);
    try (KafkaProducer<byte[], byte[]> killed = open(application, GONE)) {
      killed.abortTransaction();
      begin(killed);
      look(minOpen);

      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  @Test
  void shouldLeaveThoseOfOtherApplications() throws Exception {
    try (KafkaProducer<byte[], byte[]> beside = open(application + "-2", "");
        KafkaProducer<byte[], byte[]> alike = open(application + "-" + UUID.randomUUID(), "");
        KafkaProducer<byte[], byte[]> other = open("other" + application, "");
        KafkaProducer<byte[], byte[]> killed = open(application, "")) {
      look(SHORT);

      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
      assertThatCode(beside::commitTransaction).doesNotThrowAnyException();
      assertThatCode(alike::commitTransaction).doesNotThrowAnyException();
      assertThatCode(other::commitTransaction).doesNotThrowAnyException();
    }
  }

  /** It was seen open once, and is another one when it is looked at again. */
  @Test
  void shouldLeaveAProducerThatGoesOn() throws Exception {
    try (KafkaProducer<byte[], byte[]> slow = open(application, GONE)) {
      AtomicInteger described = new AtomicInteger();
      AbandonedTransactions abandoned =
          new AbandonedTransactions(
              () ->
                  watched(
                      "describeTransactions",
                      () -> {
                        if (described.incrementAndGet() % 2 == 0) {
                          slow.commitTransaction();
                          begin(slow);
                        }
                      }),
              application,
              SHORT);
      abandoned.look();
      await("now and later").atMost(LIMIT).until(() -> looks.get() == 2);

      assertThat(described).hasValueGreaterThanOrEqualTo(2);
      assertThatCode(slow::commitTransaction).doesNotThrowAnyException();
    }
  }

  @Test
  void shouldLookAgainAfterAFailure() throws Exception {
    AtomicBoolean fails = new AtomicBoolean(true);
    AtomicInteger asked = new AtomicInteger();
    try (KafkaProducer<byte[], byte[]> killed = open(application, "")) {
      AbandonedTransactions abandoned =
          new AbandonedTransactions(
              () -> {
                if (fails.get()) {
                  asked.incrementAndGet();
                  throw new KafkaException("no broker's name is known");
                }
                return watched("none", () -> {});
              },
              application,
              SHORT);
      abandoned.look();
      await().atMost(LIMIT).until(() -> asked.get() >= 1);
      fails.set(false);
      await()
          .atMost(LIMIT)
          .until(
              () -> {
                abandoned.look();
                return looks.get() > 0;
              });

      assertThatThrownBy(killed::commitTransaction).isInstanceOf(ProducerFencedException.class);
    }
  }

  private void look(Duration minOpen) {
    AbandonedTransactions abandoned =
        new AbandonedTransactions(() -> watched("none", () -> {}), application, minOpen);
    abandoned.look();
    await("now and later").atMost(LIMIT).until(() -> looks.get() == 2);
  }

  /**
   * Returns a client that counts when it is closed, and does something before it asks a question.
   */
  private Admin watched(String question, Runnable before) {
    Admin real = Admin.create(Map.of("bootstrap.servers", servers));
    return (Admin)
        Proxy.newProxyInstance(
            Admin.class.getClassLoader(),
            new Class<?>[] {Admin.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals(question)) {
                before.run();
              }
              try {
                return method.invoke(real, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              } finally {
                if (method.getName().equals("close")) {
                  looks.incrementAndGet();
                }
              }
            });
  }

  /**
   * Returns a producer with an open transaction, named as Kafka Streams does.
   *
   * @param member for which it has committed an offset before; empty if it has committed nothing
   */
  private KafkaProducer<byte[], byte[]> open(String applicationId, String member) throws Exception {
    return open(applicationId, UUID.randomUUID(), 1, member);
  }

  private KafkaProducer<byte[], byte[]> open(
      String applicationId, UUID process, int thread, String member) throws Exception {
    String id = applicationId + "-" + process + "-" + thread;
    KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers", servers,
                "transactional.id", id,
                "transaction.timeout.ms", 300_000),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    producer.initTransactions();
    if (!member.isEmpty()) {
      producer.beginTransaction();
      producer.sendOffsetsToTransaction(
          Map.of(topic, new OffsetAndMetadata(0, note(id, member).behind(""))),
          new ConsumerGroupMetadata(application));
      producer.commitTransaction();
    }
    begin(producer);
    ListTransactionsOptions forLong =
        new ListTransactionsOptions().filterOnDuration(SHORT.toMillis());
    await()
        .atMost(LIMIT)
        .until(
            () ->
                admin.listTransactions(forLong).all().get().stream()
                    .anyMatch(it -> it.transactionalId().equals(id)));
    return producer;
  }

  private OffsetNote note(String transactionalId, String member) {
    OffsetNote.Committer committer =
        OffsetNote.Committer.of(
            transactionalId, new ConsumerGroupMetadata(application, 1, member, Optional.empty()));
    return new OffsetNote(OffsetNote.Owner.UNKNOWN, committer, OffsetNote.SchemaIds.NONE);
  }

  /** Returns a member of the group that has its partition. */
  private KafkaConsumer<byte[], byte[]> member(String clientId) {
    KafkaConsumer<byte[], byte[]> member =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", servers, "group.id", application, "client.id", clientId),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
    member.subscribe(List.of(topic.topic()));
    await()
        .atMost(LIMIT)
        .until(
            () -> member.poll(Duration.ofMillis(10)).isEmpty() && !member.assignment().isEmpty());
    return member;
  }

  private void begin(KafkaProducer<byte[], byte[]> producer) {
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(topic.topic(), new byte[1]));
    producer.flush();
  }
}
