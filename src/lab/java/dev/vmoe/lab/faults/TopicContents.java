package dev.vmoe.lab.faults;

import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.lab.faults.ImageRecord.Expected;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;

/** Reads what is committed in the topics, each from its start to the end that it has now. */
final class TopicContents {

  private static final Duration POLL = Duration.ofMillis(200);

  /** Longest time without a record while the end is not reached. */
  private static final Duration STALLED = Duration.ofSeconds(60);

  private static final String PARTITION = "__streams.errors.partition";
  private static final String OFFSET = "__streams.errors.offset";

  private final String bootstrapServers;

  TopicContents(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  /** Returns the images, in the order of their partitions. */
  List<ImageRecord> images(String topic) {
    List<ImageRecord> images = new ArrayList<>();
    read(
        topic,
        record ->
            images.add(
                new ImageRecord(
                    record.partition(),
                    record.offset(),
                    expected(new String(record.key(), StandardCharsets.UTF_8)),
                    carried(record),
                    Fingerprint.ofContents(record))));
    return images;
  }

  private static Expected expected(String key) {
    if (key.startsWith(HostileRecord.KEY)) {
      return Expected.DEAD_LETTER;
    }
    return key.startsWith(Bomb.KEY) ? Expected.EITHER : Expected.PREDICTION;
  }

  /** Returns predictions and dead letters, each topic in the order of its partitions. */
  List<AnswerRecord> answers(String predictionsTopic, String deadLettersTopic) {
    List<AnswerRecord> answers = new ArrayList<>();
    LocalAvro<Prediction> avro = new LocalAvro<>(Prediction.class);
    read(
        predictionsTopic,
        record -> {
          Prediction prediction = avro.read(Objects.requireNonNull(record.value()));
          answers.add(
              new AnswerRecord(
                  prediction.getSourcePartition(),
                  prediction.getSourceOffset(),
                  new TopicPartition(record.topic(), record.partition()),
                  AnsweringModel.of(prediction),
                  carried(record),
                  0));
        });
    read(
        deadLettersTopic,
        record ->
            answers.add(
                new AnswerRecord(
                    (int) number(record, PARTITION),
                    number(record, OFFSET),
                    new TopicPartition(record.topic(), record.partition()),
                    null,
                    carried(record),
                    Fingerprint.ofContents(record))));
    return answers;
  }

  /** Returns the sums of the utilization events. */
  SummedWork utilization(String topic) {
    SummedWork work = new SummedWork();
    LocalAvro<ExpertUtilization> avro = new LocalAvro<>(ExpertUtilization.class);
    read(topic, record -> work.add(avro.read(Objects.requireNonNull(record.value()))));
    return work;
  }

  private static ImageRecord.Carried carried(ConsumerRecord<byte[], byte[]> record) {
    return new ImageRecord.Carried(
        Fingerprint.of(record.key()), Fingerprint.of(record.headers()), record.timestamp());
  }

  private static long number(ConsumerRecord<byte[], byte[]> record, String header) {
    return Long.parseLong(
        new String(record.headers().lastHeader(header).value(), StandardCharsets.UTF_8));
  }

  private void read(String topic, Consumer<ConsumerRecord<byte[], byte[]>> receiver) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        CommittedConsumer.open(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                5_000),
            List.of(topic),
            true)) {
      Set<TopicPartition> partitions = consumer.assignment();
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long lastNanos = System.nanoTime();
      while (partitions.stream()
          .anyMatch(it -> consumer.position(it) < ends.getOrDefault(it, 0L))) {
        int count = 0;
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          receiver.accept(record);
          count++;
        }
        if (count > 0) {
          lastNanos = System.nanoTime();
        } else if (System.nanoTime() - lastNanos > STALLED.toNanos()) {
          throw new IllegalStateException(
              "topic %s could not be read to its end: nothing came for %s"
                  .formatted(topic, STALLED));
        }
      }
    }
  }
}
