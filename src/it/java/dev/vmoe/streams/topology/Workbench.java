package dev.vmoe.streams.topology;

import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.SharedServers;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.config.ConfigFollower;
import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.ConfigWriter;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A test's own topics on the broker and registry that all tests of this JVM share. */
public final class Workbench implements AutoCloseable {

  final String bootstrapServers;
  public final String registryUrl;
  final String prefix = "t" + UUID.randomUUID().toString().substring(0, 8) + ".";
  public final RegistryClient registry;
  public final Admin admin;
  private final KafkaProducer<byte[], byte[]> producer;
  private final AvroSerializer<ImageRequest> requests;
  private int versions;

  private Workbench(String bootstrapServers, String registryUrl) {
    this.bootstrapServers = bootstrapServers;
    this.registryUrl = registryUrl;
    this.registry = new RegistryClient(registryUrl, Map.of(), Duration.ofSeconds(10));
    this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
    this.requests = new AvroSerializer<>(registry);
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                64 * 1024 * 1024,
                ProducerConfig.LINGER_MS_CONFIG,
                5),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** Opens a workbench with topics of this many partitions. */
  public static Workbench open(int partitions) throws Exception {
    return open(partitions, SharedServers.kafka().bootstrapServers());
  }

  /** Opens a workbench on another broker. */
  public static Workbench open(int partitions, String bootstrapServers) throws Exception {
    Workbench workbench = new Workbench(bootstrapServers, SharedServers.registry().url());
    workbench.createTopics(partitions);
    return workbench;
  }

  private void createTopics(int partitions) throws Exception {
    List<NewTopic> topics = new ArrayList<>();
    Topics.of(settings(Map.of()))
        .all()
        .forEach(
            name -> {
              boolean one = name.equals(topic("config"));
              int size = name.endsWith("dlq") ? 10_000_000 : 8_000_000;
              topics.add(
                  new NewTopic(name, one ? 1 : partitions, (short) 1)
                      .configs(
                          Map.of(
                              "max.message.bytes",
                              Integer.toString(size),
                              "retention.ms",
                              "-1",
                              "cleanup.policy",
                              "delete")));
            });
    admin.createTopics(topics).all().get();
    // The controller creates topics; the broker hears of them a little later.
    List<String> names = topics.stream().map(NewTopic::name).toList();
    await()
        .ignoreExceptionsMatching(e -> e.getCause() instanceof UnknownTopicOrPartitionException)
        .until(() -> admin.describeTopics(names).allTopicNames().get().size() == names.size());
  }

  /** Returns settings of an instance on these topics. */
  public Settings settings(Map<String, ?> more) {
    return new Settings(properties(more));
  }

  /** Returns properties of an instance on these topics. */
  Map<String, Object> properties(Map<String, ?> more) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(Settings.APPLICATION_ID, prefix + "app");
    properties.put(Settings.BOOTSTRAP_SERVERS, bootstrapServers);
    properties.put(Settings.REGISTRY_URL, registryUrl);
    properties.put(Settings.TOPIC_PREFIX, prefix);
    properties.put(Settings.MODEL, "none");
    properties.put(Settings.DECODE_THREADS, 1);
    properties.put(Settings.BATCH_MAX_IMAGES, 16);
    properties.putAll(more);
    return properties;
  }

  public String topic(String name) {
    return prefix + name;
  }

  /** Sends an image as Avro; returns the record's value. */
  public byte[] send(int partition, String key, byte[] image) {
    return send(partition, key, image, 1);
  }

  /** Sends an image of this priority as Avro; returns the record's value. */
  public byte[] send(int partition, String key, byte[] image, float priority) {
    ImageRequest request =
        ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).setPriority(priority).build();
    byte[] value = requests.serialize(topic("images"), request);
    sendBytes(partition, key, value, Map.of());
    return value;
  }

  /** Sends an image as Avro with a timestamp. */
  void sendAt(int partition, String key, byte[] image, long time) {
    ImageRequest request = ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).build();
    byte[] value = requests.serialize(topic("images"), request);
    producer.send(new ProducerRecord<>(topic("images"), partition, time, key.getBytes(), value));
    producer.flush();
  }

  /** Sends an image as Avro whose schema no instance has met. */
  void sendByAnotherVersion(int partition, String key, byte[] image) {
    Schema another =
        new Schema.Parser()
            .parse(
                ImageRequest.getClassSchema()
                    .toString()
                    .replace("One image", prefix + " image " + versions++));
    int id = registry.register(topic("images"), another);
    ImageRequest request = ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).build();
    byte[] bytes = requests.serialize(topic("images"), request);
    ByteBuffer.wrap(bytes, 1, Integer.BYTES).putInt(id);
    sendBytes(partition, key, bytes, Map.of());
  }

  /** Sends a record's bytes as they are. */
  void sendBytes(int partition, String key, byte[] value, Map<String, String> headers) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(topic("images"), partition, key.getBytes(), value);
    headers.forEach((name, text) -> record.headers().add(name, text.getBytes()));
    producer.send(record);
  }

  /** Writes a configuration as a producer of any kind may; returns its offset once it is there. */
  public long configure(PipelineConfig config) throws Exception {
    return configure(
        new AvroSerializer<PipelineConfig>(registry).serialize(topic("config"), config));
  }

  /** Writes a configuration whose schema no instance has met; returns its offset. */
  public long configureByAnotherVersion(PipelineConfig config) throws Exception {
    byte[] bytes = new AvroSerializer<PipelineConfig>(registry).serialize(topic("config"), config);
    Schema another =
        new Schema.Parser()
            .parse(
                PipelineConfig.getClassSchema()
                    .toString()
                    .replace("A configuration", prefix + " configuration"));
    ByteBuffer.wrap(bytes, 1, Integer.BYTES).putInt(registry.register(topic("config"), another));
    return configure(bytes);
  }

  /** Writes a record to the configuration topic; returns its offset once it is there. */
  public long configure(byte[] value) throws Exception {
    return producer.send(new ProducerRecord<>(topic("config"), 0, null, value)).get().offset();
  }

  /** Returns a writer as {@code vmoe config set} has it. */
  public ConfigWriter configWriter() {
    Settings settings = settings(Map.of());
    return new ConfigWriter(
        settings,
        registry,
        new ConfigReader(registry, settings, UnaryOperator.identity()),
        ConfigEntry::requireSettings);
  }

  /** Follows whatever has smaller batches. */
  private static final class Refusing implements ConfigFollower {
    private final int images;
    private volatile LiveSettings current;

    Refusing(int images) {
      this.images = images;
    }

    @Override
    public LiveSettings current() {
      return current;
    }

    @Override
    public boolean isReadyFor(LiveSettings settings) {
      return true;
    }

    @Override
    public Prepared prepare(LiveSettings settings) {
      if (settings.maxBatchImages() >= images) {
        throw new IllegalArgumentException("no room for " + settings.maxBatchImages());
      }
      return () -> current = settings;
    }
  }

  /** Returns the configuration of an instance that refuses a batch of this many images. */
  public LiveConfiguration configurationRefusing(int images) {
    Settings settings = settings(Map.of());
    return new LiveConfiguration(
        () -> new ConfigLog(settings.consumerProperties(), topic("config")),
        new ConfigReader(registry, settings, UnaryOperator.identity()),
        LiveSettings.of(settings),
        new Refusing(images),
        new PipelineMetrics(new Meters(), List.of(), 0, List.of()).capacity());
  }

  /**
   * Sends records to partition 0, each in a transaction of its own.
   *
   * @param committed records whose transactions are committed
   * @param rolledBack records after them whose transactions are not
   */
  void sendInTransactions(int committed, int rolledBack) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", bootstrapServers, "transactional.id", prefix + "images"),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.initTransactions();
      for (int i = 0; i < committed + rolledBack; i++) {
        producer.beginTransaction();
        producer.send(new ProducerRecord<>(topic("images"), 0, null, new byte[1]));
        producer.flush();
        if (i < committed) {
          producer.commitTransaction();
        } else {
          producer.abortTransaction();
        }
      }
    }
  }

  public void flush() {
    producer.flush();
  }

  /** Returns a reader of what is committed in a topic, from its beginning. */
  Reader<byte[]> reader(String topic) {
    return new Reader<>(topic(topic), bytes -> bytes);
  }

  /** Returns a reader of the predictions that are committed. */
  public Reader<Prediction> predictions() {
    return predictions("predictions");
  }

  Reader<Prediction> predictions(String topic) {
    return new Reader<>(topic(topic), avro(topic(topic), Prediction.class));
  }

  /** Returns a reader of the utilization that is committed. */
  Reader<ExpertUtilization> utilization() {
    return new Reader<>(
        topic("expert-utilization"), avro(topic("expert-utilization"), ExpertUtilization.class));
  }

  private <T extends SpecificRecord> java.util.function.Function<byte[], T> avro(
      String topic, Class<T> type) {
    AvroDeserializer<T> deserializer = new AvroDeserializer<>(registry, type);
    return bytes -> deserializer.deserialize(topic, bytes);
  }

  /** Reads one topic, committed records only. */
  public final class Reader<T> implements AutoCloseable {

    private final KafkaConsumer<byte[], byte[]> consumer;
    private final java.util.function.Function<byte[], T> values;
    public final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    public final List<T> read = new ArrayList<>();

    private Reader(String topic, java.util.function.Function<byte[], T> values) {
      this.values = values;
      this.consumer =
          new KafkaConsumer<>(
              Map.of(
                  ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                  bootstrapServers,
                  ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                  "read_committed"),
              new ByteArrayDeserializer(),
              new ByteArrayDeserializer());
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(info -> new TopicPartition(topic, info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
    }

    /** Reads what has been committed since; returns all that was read so far. */
    public List<T> poll() {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
        records.add(record);
        read.add(values.apply(record.value()));
      }
      return read;
    }

    /** Reads on until the ends that the topic has now. */
    List<T> pollToEnd() {
      Set<TopicPartition> partitions = consumer.assignment();
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      while (partitions.stream().anyMatch(p -> consumer.position(p) < ends.get(p))) {
        poll();
      }
      return read;
    }

    @Override
    public void close() {
      consumer.close();
    }
  }

  @Override
  public void close() {
    producer.close();
    registry.close();
    admin.close();
  }
}
