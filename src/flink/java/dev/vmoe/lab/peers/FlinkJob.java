package dev.vmoe.lab.peers;

import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import javax.management.AttributeNotFoundException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeHint;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.DefaultKafkaDatasetIdentifier;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacet;
import org.apache.flink.connector.kafka.lineage.KafkaDatasetFacetProvider;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.sink.TransactionNamingStrategy;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Images → batches of 32 → predictions, exactly once, with a subtask a core. All of a subtask is
 * one chain, on one thread and without copies.
 */
final class FlinkJob {

  /** As the other peers commit. Flink takes no less than 10 ms. */
  private static final Duration CHECKPOINT_EVERY = Duration.ofMillis(100);

  /** As the pipeline waits by default. */
  private static final Duration LINGER = Duration.ofMillis(20);

  private static final Duration START_LIMIT = Duration.ofSeconds(30);
  private static final Duration START_CHECK = Duration.ofMillis(50);
  private static final Duration TRANSACTION_TIMEOUT = Duration.ofMinutes(1);

  private FlinkJob() {}

  /** Starts it, on a cluster in this process that ends with it. */
  static JobClient start(PeerJob job) throws Exception {
    StreamExecutionEnvironment flink =
        StreamExecutionEnvironment.createLocalEnvironment(job.cores(), configuration(job));
    flink
        .fromSource(source(job), WatermarkStrategy.noWatermarks(), "images")
        .transform(
            "classify",
            TypeInformation.of(new TypeHint<ProducerRecord<byte[], byte[]>>() {}),
            new MicroBatches(job.predictions(), job.batch(), LINGER))
        .sinkTo(sink(job));
    JobClient started = flink.executeAsync(job.group());
    awaitReading(job, started);
    return started;
  }

  /** Waits until the sources' consumers share all partitions, as their own metrics tell. */
  private static void awaitReading(PeerJob job, JobClient started) throws Exception {
    int partitions = partitions(job);
    long endNanos = System.nanoTime() + START_LIMIT.toNanos();
    while (assigned(job) < partitions) {
      if (System.nanoTime() > endNanos) {
        throw new IllegalStateException(
            String.format("it reads %.0f of %d partitions", assigned(job), partitions));
      }
      JobStatus status = started.getJobStatus().get();
      if (status.isTerminalState()) {
        throw new IllegalStateException("the job is " + status);
      }
      Thread.sleep(START_CHECK.toMillis());
    }
  }

  private static double assigned(PeerJob job) throws JMException {
    MBeanServer metrics = ManagementFactory.getPlatformMBeanServer();
    ObjectName consumers =
        new ObjectName(
            "kafka.consumer:type=consumer-coordinator-metrics,client-id=" + job.group() + "-*");
    double assigned = 0;
    for (ObjectName consumer : metrics.queryNames(consumers, null)) {
      try {
        assigned += (Double) metrics.getAttribute(consumer, "assigned-partitions");
      } catch (AttributeNotFoundException | InstanceNotFoundException e) {
        continue; // a consumer that starts registers its metrics one by one
      }
    }
    return assigned;
  }

  private static int partitions(PeerJob job) throws ExecutionException, InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", job.bootstrapServers()))) {
      return admin
          .describeTopics(Set.of(job.images()))
          .allTopicNames()
          .get()
          .get(job.images())
          .partitions()
          .size();
    }
  }

  private static Configuration configuration(PeerJob job) {
    Configuration configuration = new Configuration();
    configuration.set(TaskManagerOptions.NUM_TASK_SLOTS, job.cores());
    configuration.set(PipelineOptions.OBJECT_REUSE, true);
    configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_EVERY);
    configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, CheckpointsInMemory.class.getName());
    // a round with a failure does not count
    configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
    configuration.set(RestOptions.ADDRESS, "localhost");
    configuration.set(RestOptions.BIND_ADDRESS, "localhost");
    configuration.set(RestOptions.BIND_PORT, "0");
    return configuration;
  }

  private static KafkaSource<ConsumerRecord<byte[], byte[]>> source(PeerJob job) {
    return KafkaSource.<ConsumerRecord<byte[], byte[]>>builder()
        .setBootstrapServers(job.bootstrapServers())
        .setGroupId(job.group())
        .setClientIdPrefix(job.group())
        .setTopics(job.images())
        .setStartingOffsets(OffsetsInitializer.earliest())
        .setProperty("isolation.level", "read_committed")
        .setDeserializer(new WholeRecords())
        .build();
  }

  private static KafkaSink<ProducerRecord<byte[], byte[]>> sink(PeerJob job) {
    Properties properties = new Properties();
    properties.put("transaction.timeout.ms", Long.toString(TRANSACTION_TIMEOUT.toMillis()));
    return KafkaSink.<ProducerRecord<byte[], byte[]>>builder()
        .setBootstrapServers(job.bootstrapServers())
        .setKafkaProducerConfig(properties)
        .setDeliveryGuarantee(DeliveryGuarantee.EXACTLY_ONCE)
        .setTransactionalIdPrefix(job.group())
        .setTransactionNamingStrategy(TransactionNamingStrategy.POOLING)
        .setRecordSerializer(new WholeAnswers(job.predictions()))
        .build();
  }

  /** Hands on records as they are: an answer keeps key, headers and time of its image. */
  private static final class WholeRecords
      implements KafkaRecordDeserializationSchema<ConsumerRecord<byte[], byte[]>> {

    private static final long serialVersionUID = 1;

    @Override
    public void deserialize(
        ConsumerRecord<byte[], byte[]> image, Collector<ConsumerRecord<byte[], byte[]>> out) {
      out.collect(image);
    }

    @Override
    public TypeInformation<ConsumerRecord<byte[], byte[]>> getProducedType() {
      return TypeInformation.of(new TypeHint<ConsumerRecord<byte[], byte[]>>() {});
    }
  }

  /** Writes records as they are; looking for transactions left open, Flink asks for the topic. */
  private static final class WholeAnswers
      implements KafkaRecordSerializationSchema<ProducerRecord<byte[], byte[]>>,
          KafkaDatasetFacetProvider {

    private static final long serialVersionUID = 1;

    private final String topic;

    WholeAnswers(String topic) {
      this.topic = topic;
    }

    @Override
    public Optional<KafkaDatasetFacet> getKafkaDatasetFacet() {
      return Optional.of(
          new DefaultKafkaDatasetFacet(DefaultKafkaDatasetIdentifier.ofTopics(List.of(topic))));
    }

    @Override
    public ProducerRecord<byte[], byte[]> serialize(
        ProducerRecord<byte[], byte[]> answer, KafkaSinkContext context, Long timestamp) {
      return answer;
    }
  }
}
