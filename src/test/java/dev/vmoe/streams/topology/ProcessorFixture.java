package dev.vmoe.streams.topology;

import static dev.vmoe.streams.topics.ShortTopics.TOPICS;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.batch.BatchLimits;
import dev.vmoe.core.batch.BatchTerms;
import dev.vmoe.core.batch.MicroBatcher;
import dev.vmoe.core.batch.ServedModel;
import dev.vmoe.core.batch.WideBounds;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.SchemaSource;
import dev.vmoe.event.WriterSchemas;
import dev.vmoe.fetch.FetchBounds;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.commit.AbandonedTransactions;
import dev.vmoe.streams.commit.Admission;
import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.Deadlines;
import dev.vmoe.streams.commit.OffsetNote.Committer;
import dev.vmoe.streams.commit.OffsetNote.SchemaIds;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.commit.Suspects;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.tracing.Tracing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;

/** The processor in the test driver of Kafka Streams, with a model that only tells greys apart. */
abstract class ProcessorFixture {

  static final TopicPartition IMAGES = new TopicPartition("images", 0);
  static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final int SLOT_BYTES = 8 * 8 * 3;

  final List<AutoCloseable> open = new ArrayList<>();
  final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  final AvroSerializer<ImageRequest> requests = new AvroSerializer<>(registry);
  SchemaSource schemas = lookup(registry, Duration.ofSeconds(30));
  final Meters meters = new Meters();
  final PipelineMetrics metrics = Pipeline.metrics(meters, new FakeClassifier().card());
  SafeObservers observer = observer();

  FakeClassifier classifier = new FakeClassifier();

  /** So long that none is early. */
  Duration commitInterval = Duration.ofHours(1);

  static final Committer BY = new Committer("app-1", "8c1f90d4-5a5f-4a55-9d4f-9f3f2a9c1e00");

  CommitGuard guard = guard(Duration.ofSeconds(10), 4);

  /** Returns a guard that finds no open transactions. */
  static CommitGuard guard(Duration waitBudget, int maxDeaths) {
    return new CommitGuard(
        waitBudget,
        new Suspects(maxDeaths),
        () -> SchemaIds.NONE,
        new AbandonedTransactions(
            () -> {
              throw new KafkaException("no brokers here");
            },
            "app",
            Duration.ZERO));
  }

  int batchImages = 4;
  int inFlightImages = 100;
  long inFlightBytes = 1_000_000;
  Admission admission;
  Duration linger = Duration.ofMillis(20);
  LiveSettings settings = LiveSettings.of(new Settings(Map.of()));
  Instant now = NOON;
  EventFormat format = EventFormat.AVRO;
  String fetchPrefix = "";
  PredictionContents contents = PredictionContents.of(new Settings(Map.of()));

  TopologyTestDriver driver;
  TestInputTopic<byte[], byte[]> images;
  TestOutputTopic<byte[], Prediction> predictions;
  TestOutputTopic<byte[], byte[]> deadLetters;
  TestOutputTopic<byte[], ExpertUtilization> utilization;

  /** Predictions and utilization as bytes: what these have read, those above do not see. */
  TestOutputTopic<byte[], byte[]> written;

  TestOutputTopic<byte[], byte[]> utilizationWritten;

  /** Returns a lookup that is closed after the test. */
  final WriterSchemas lookup(RegistryClient registry, Duration maxWait) {
    WriterSchemas lookup = new WriterSchemas(registry, maxWait);
    open.add(lookup);
    return lookup;
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable it : open) {
      it.close();
    }
  }

  /** What the processors of an instance share; its batcher is closed after the test. */
  MicroBatchProcessor.Shared shared() {
    ServedModel model = new ServedModel(List.of(classifier), new FakeDecoder(SLOT_BYTES), () -> {});
    CapacityController controller = new FixedCapacity(new OperatingPoint(1.05, 2), Routing.VANILLA);
    MicroBatcher<QueuedRecord> batcher =
        new MicroBatcher<>(
            () ->
                new BatchTerms(
                    model,
                    new BatchLimits(batchImages, 1_000_000, linger),
                    controller,
                    settings.version()),
            WideBounds.ofThreads(2),
            observer);
    open.add(0, batcher);
    admission =
        new Admission(
            () -> inFlightImages,
            inFlightBytes,
            new RequestReader(schemas, 1000, format, "/vmoe/test"),
            fetching()::openFetchAhead,
            new Deadlines(() -> settings, Duration.ofMillis(100), () -> now),
            guard);
    return new MicroBatchProcessor.Shared(
        batcher::openLane,
        admission,
        new ShareEvents(contents),
        guard,
        new EarlyCommit(guard.queues(), () -> batchImages, 1_000_000, commitInterval),
        1_000_000);
  }

  /** Returns what fetches images from this machine; it is closed after the test. */
  private Fetching fetching() {
    FetchBounds bounds =
        new FetchBounds(
            fetchPrefix.isEmpty() ? List.of() : List.of(fetchPrefix),
            Set.of("127.0.0.1"),
            64,
            Duration.ofSeconds(10),
            16 << 20,
            () -> 1L << 30);
    Fetching fetching =
        new Fetching(
            bounds,
            (outcome, nanos) ->
                metrics.images().fetchEnded(outcome.name().toLowerCase(Locale.ROOT), nanos));
    open.add(fetching);
    return fetching;
  }

  private Topology topology() {
    MicroBatchProcessor.Shared shared = shared();
    return PipelineTopology.build(
        TOPICS,
        new EventSerializer<>(format, registry),
        new EventSerializer<>(format, registry),
        input -> new MicroBatchProcessor(shared, observer, input));
  }

  /** The observers of an instance, and more before them. */
  SafeObservers observer(ImageObserver... first) {
    List<ImageObserver> all = new ArrayList<>(List.of(first));
    all.add(new ShareRecorder(metrics));
    all.add(new ShareTracer(Tracing.OFF, TOPICS, "test"));
    return new SafeObservers(metrics::observerFailed, all.toArray(ImageObserver[]::new));
  }

  void start() {
    registry.register("predictions", Prediction.getClassSchema()); // as an instance does
    Properties properties = new Properties();
    properties.put("application.id", "test");
    properties.put("bootstrap.servers", "nowhere:1");
    properties.put("processing.guarantee", "exactly_once_v2");
    driver = new TopologyTestDriver(topology(), properties);
    open.add(0, driver);
    images =
        driver.createInputTopic("images", new ByteArraySerializer(), new ByteArraySerializer());
    predictions =
        driver.createOutputTopic(
            "predictions",
            new ByteArrayDeserializer(),
            new AvroDeserializer<>(registry, Prediction.class));
    written = bytes(driver, "predictions");
    utilizationWritten = bytes(driver, "utilization");
    deadLetters = bytes(driver, "dlq");
    utilization =
        driver.createOutputTopic(
            "utilization",
            new ByteArrayDeserializer(),
            new AvroDeserializer<>(registry, ExpertUtilization.class));
  }

  private static TestOutputTopic<byte[], byte[]> bytes(TopologyTestDriver driver, String topic) {
    return driver.createOutputTopic(
        topic, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  void send(String key, int grey) {
    images.pipeInput(bytes(key), avro(grey, null), NOON);
  }

  byte[] avro(int grey, String label) {
    return requests.serialize(
        "images",
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(FakeDecoder.grey(grey)))
            .setLabel(label)
            .setAttributes(Map.of("camera", "7"))
            .build());
  }

  static ImageRequest request(int imageBytes) {
    return ImageRequest.newBuilder().setImage(ByteBuffer.allocate(imageBytes)).build();
  }

  void awaitAnswers(long count) {
    await()
        .until(
            () -> {
              driver.advanceWallClockTime(Duration.ofMillis(50));
              return predictions.getQueueSize() + deadLetters.getQueueSize() >= count;
            });
  }

  long committable(long wanted) {
    return guard.guarded(Map.of(IMAGES, new OffsetAndMetadata(wanted)), BY).get(IMAGES).offset();
  }

  /** Commits as Kafka Streams does. */
  void commit(long wanted) {
    guard.committed(
        guard.guarded(Map.of(IMAGES, new OffsetAndMetadata(wanted)), BY), Duration.ZERO);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String header(Headers headers, String name) {
    return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
