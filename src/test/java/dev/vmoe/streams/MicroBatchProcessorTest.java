package dev.vmoe.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.vmoe.batch.Answer;
import dev.vmoe.batch.BatchLimits;
import dev.vmoe.batch.BatchRun;
import dev.vmoe.batch.BatchTerms;
import dev.vmoe.batch.MicroBatcher;
import dev.vmoe.batch.ServedModel;
import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.ClassUtilization;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.image.FakeDecoder;
import dev.vmoe.inference.FakeClassifier;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.metrics.Scrape;
import dev.vmoe.moe.Routing;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.Topics;
import dev.vmoe.tracing.ImageTrace;
import dev.vmoe.tracing.Tracing;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MicroBatchProcessorTest {

  private static final Topics TOPICS =
      new Topics("images", "predictions", "utilization", "dlq", "config", "routing-profile");
  private static final TopicPartition IMAGES = new TopicPartition("images", 0);
  private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");
  private static final int SLOT_BYTES = 8 * 8 * 3;

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  private final AvroSerializer<ImageRequest> requests = new AvroSerializer<>(registry);
  private final Meters meters = new Meters();
  private final PipelineMetrics metrics = Pipeline.metrics(meters, new FakeClassifier().card());
  private GuardedObserver observer = observer();
  private final List<AutoCloseable> open = new ArrayList<>();

  private FakeClassifier classifier = new FakeClassifier();
  private CommitGuard guard = new CommitGuard(Duration.ofSeconds(10));
  private int batchImages = 4;
  private int inFlightImages = 100;
  private long inFlightBytes = 1_000_000;
  private InFlight inFlight;
  private Duration linger = Duration.ofMillis(20);

  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> images;
  private TestOutputTopic<byte[], Prediction> predictions;
  private TestOutputTopic<byte[], byte[]> deadLetters;
  private TestOutputTopic<byte[], ExpertUtilization> utilization;

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable it : open) {
      it.close();
    }
  }

  private Topology topology() {
    LiveSettings settings = LiveSettings.of(new Settings(Map.of()));
    ServedModel model = new ServedModel(classifier, new FakeDecoder(SLOT_BYTES), () -> {});
    CapacityController controller = new FixedCapacity(new OperatingPoint(1.05, 2), Routing.VANILLA);
    MicroBatcher<Waiting> batcher =
        new MicroBatcher<>(
            () ->
                new BatchTerms(
                    settings, model, new BatchLimits(batchImages, 1_000_000, linger), controller),
            2,
            observer);
    open.add(0, batcher);
    inFlight = new InFlight(() -> inFlightImages, inFlightBytes);
    MicroBatchProcessor.Shared shared =
        new MicroBatchProcessor.Shared(
            batcher::openLane,
            new RequestReader(registry, 1000),
            new ShareEvents(),
            guard,
            inFlight,
            "images",
            1_000_000);
    return PipelineTopology.build(
        TOPICS, registry, () -> new MicroBatchProcessor(shared, observer));
  }

  /** The observers of an instance, and more before them. */
  private GuardedObserver observer(ImageObserver... first) {
    List<ImageObserver> all = new ArrayList<>(List.of(first));
    all.add(new ShareRecorder(metrics));
    all.add(new ShareTracer(Tracing.OFF, TOPICS, "test"));
    return new GuardedObserver(metrics::observerFailed, all.toArray(ImageObserver[]::new));
  }

  private void start() {
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
    deadLetters =
        driver.createOutputTopic("dlq", new ByteArrayDeserializer(), new ByteArrayDeserializer());
    utilization =
        driver.createOutputTopic(
            "utilization",
            new ByteArrayDeserializer(),
            new AvroDeserializer<>(registry, ExpertUtilization.class));
  }

  private void send(String key, int grey) {
    images.pipeInput(bytes(key), avro(grey, null), NOON);
  }

  private byte[] avro(int grey, String label) {
    return requests.serialize(
        "images",
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(FakeDecoder.grey(grey)))
            .setLabel(label)
            .setAttributes(Map.of("camera", "7"))
            .build());
  }

  private void awaitAnswers(long count) {
    await()
        .until(
            () -> {
              driver.advanceWallClockTime(Duration.ofMillis(5));
              return predictions.getQueueSize() + deadLetters.getQueueSize() >= count;
            });
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String header(Headers headers, String name) {
    return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Test
  void shouldEmitInTheOrderTheImagesCame() {
    start();
    for (int i = 0; i < 30; i++) {
      if (i % 7 == 3) {
        images.pipeInput(bytes("bad" + i), bytes("rubbish " + i), NOON);
      } else {
        send("k" + i, i);
      }
    }
    awaitAnswers(30);

    List<Long> offsets = new ArrayList<>();
    predictions.readValuesToList().forEach(p -> offsets.add(p.getSourceOffset()));
    assertThat(offsets).hasSize(26).isSorted();
    List<String> letters = new ArrayList<>();
    deadLetters
        .readRecordsToList()
        .forEach(letter -> letters.add(header(letter.headers(), DeadLetter.OFFSET)));
    assertThat(letters).containsExactly("3", "10", "17", "24");
  }

  @ParameterizedTest
  @MethodSource("defects")
  void shouldEmitAndCommitTheSameWhereAnObserverFails(Supplier<Throwable> defect) {
    FailingObserver failing = new FailingObserver(defect);
    observer = observer(failing);
    batchImages = 1;
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("camera", bytes("7"));
    for (int i = 0; i < 9; i++) {
      byte[] value = i % 4 == 3 ? bytes("rubbish " + i) : avro(i, "cat");
      images.pipeInput(new TestRecord<>(bytes("k" + i), value, headers, NOON));
    }
    awaitAnswers(9);

    List<TestRecord<byte[], Prediction>> answers = predictions.readRecordsToList();
    assertThat(answers)
        .extracting(it -> it.value().getSourceOffset())
        .containsExactly(0L, 1L, 2L, 4L, 5L, 6L, 8L);
    assertThat(answers).allMatch(it -> header(it.headers(), "camera").equals("7"));
    assertThat(deadLetters.readRecordsToList())
        .extracting(it -> header(it.headers(), DeadLetter.OFFSET))
        .containsExactly("3", "7");
    assertThat(utilization.readValuesToList()).hasSize(7);
    assertThat(committable(9)).isEqualTo(9);
    assertThat(inFlight.images()).isZero();
    assertThat(inFlight.bytes()).isZero();

    Scrape scrape = Scrape.of(meters);
    assertThat(failing.events).containsExactlyInAnyOrder(FailingObserver.ALL);
    assertThat(scrape.value("vmoe_observer_failures_total")).isEqualTo(failing.failures.get());
    assertThat(scrape.value("vmoe_images_read_total")).isEqualTo(9);
    assertThat(scrape.value("vmoe_images_answered_total")).isEqualTo(7);
    assertThat(scrape.value("vmoe_batches_total{reason=\"size\"}")).isEqualTo(9);
  }

  static Stream<Supplier<Throwable>> defects() {
    return Stream.of(
        () -> new IllegalStateException("the page"), () -> new NoClassDefFoundError("the encoder"));
  }

  /** Fails at everything it is told. */
  private static final class FailingObserver implements ImageObserver {

    static final String[] ALL = {
      "received",
      "buffered",
      "ran",
      "answering",
      "refusing",
      "sending",
      "sent",
      "utilization",
      "emitted"
    };

    private final Supplier<Throwable> defect;
    private final Set<String> events = ConcurrentHashMap.newKeySet();
    private final AtomicInteger failures = new AtomicInteger();

    FailingObserver(Supplier<Throwable> defect) {
      this.defect = defect;
    }

    private void fail(String event) {
      events.add(event);
      failures.incrementAndGet();
      throw FailingObserver.<RuntimeException>unchecked(defect.get());
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> T unchecked(Throwable defect) throws T {
      throw (T) defect;
    }

    @Override
    public ImageTrace received(Record<byte[], byte[]> record, RecordMetadata position) {
      fail("received");
      return ImageTrace.NONE;
    }

    @Override
    public void buffered() {
      fail("buffered");
    }

    @Override
    public void ran(BatchRun run, List<Waiting> images) {
      fail("ran");
    }

    @Override
    public void answering(BatchRun run, Answer.Classified<Waiting> answer, Prediction prediction) {
      fail("answering");
    }

    @Override
    public void refusing(Answer.Rejected<Waiting> answer) {
      fail("refusing");
    }

    @Override
    public void sending(Waiting image, Headers headers) {
      fail("sending");
    }

    @Override
    public void sent(Waiting image) {
      fail("sent");
    }

    @Override
    public void emitted(ExpertUtilization utilization) {
      fail("utilization");
    }

    @Override
    public void emitted(Emission emission) {
      fail("emitted");
    }
  }

  @Test
  void shouldCarryKeyHeadersTimeLabelAndAttributes() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("traceparent", bytes("00-ab-cd-01"));
    images.pipeInput(new TestRecord<>(bytes("key"), avro(200, "cat"), headers, NOON));
    awaitAnswers(1);

    TestRecord<byte[], Prediction> record = predictions.readRecord();
    assertThat(record.key()).isEqualTo(bytes("key"));
    assertThat(record.getRecordTime()).isEqualTo(NOON);
    assertThat(header(record.headers(), "traceparent")).isEqualTo("00-ab-cd-01");
    Prediction prediction = record.value();
    assertThat(prediction.getLabel()).isEqualTo("cat");
    assertThat(prediction.getAttributes()).containsEntry("camera", "7");
    assertThat(prediction.getTop()).hasSize(5);
    assertThat(prediction.getTop().get(0).getLabel()).isEqualTo("grey-7");
    assertThat(prediction.getRouting()).isEqualTo("vanilla");
    assertThat(prediction.getFlushReason()).isEqualTo("linger");
    assertThat(prediction.getBatchSize()).isEqualTo(1);
  }

  @Test
  void shouldTakeRawBytesWhereTheContentTypeSaysSo() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", bytes("Image/PNG"));
    images.pipeInput(new TestRecord<>(null, FakeDecoder.grey(10), headers, NOON));
    awaitAnswers(1);

    TestRecord<byte[], Prediction> record = predictions.readRecord();
    assertThat(record.key()).isNull();
    assertThat(record.value().getTop().get(0).getLabel()).isEqualTo("grey-0");
  }

  @Test
  void shouldSendWhatCannotBeAnsweredToTheDeadLettersWithItsReason() {
    start();
    RecordHeaders headers = new RecordHeaders();
    headers.add("traceparent", bytes("00-ab-cd-01"));
    byte[] unknown = ByteBuffer.allocate(6).put((byte) 0).putInt(4711).put((byte) 0).array();
    images.pipeInput(new TestRecord<>(bytes("a"), null, headers, NOON));
    images.pipeInput(bytes("b"), bytes("rubbish"), NOON);
    images.pipeInput(bytes("c"), unknown, NOON);
    images.pipeInput(bytes("d"), requests.serialize("images", request(2000)), NOON);
    images.pipeInput(bytes("e"), requests.serialize("images", request(2)), NOON);
    images.pipeInput(bytes("f"), requests.serialize("images", request(0)), NOON);
    send("g", 1);
    awaitAnswers(7);

    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(l -> new String(l.key(), StandardCharsets.UTF_8))
        .containsExactly("a", "b", "c", "d", "e", "f");
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .satisfiesExactly(
            reason -> assertThat(reason).contains("no value"),
            reason -> assertThat(reason).contains("not Avro").contains("content-type"),
            reason -> assertThat(reason).contains("no schema with id 4711"),
            reason -> assertThat(reason).contains("2000 bytes").contains("image.max.bytes = 1000"),
            reason -> assertThat(reason).contains("2 bytes are not an image"),
            reason -> assertThat(reason).contains("0 bytes are not an image"));
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.EXCEPTION))
        .allMatch(name -> name.startsWith("dev.vmoe."));
    assertThat(letters.get(0).value()).isNull();
    assertThat(letters.get(1).value()).isEqualTo(bytes("rubbish"));
    assertThat(letters.get(2).value()).isEqualTo(unknown);
    assertThat(header(letters.get(0).headers(), "traceparent")).isEqualTo("00-ab-cd-01");
    assertThat(header(letters.get(1).headers(), DeadLetter.TOPIC)).isEqualTo("images");
    assertThat(header(letters.get(1).headers(), DeadLetter.PARTITION)).isEqualTo("0");
    assertThat(header(letters.get(1).headers(), DeadLetter.OFFSET)).isEqualTo("1");
    assertThat(letters).allMatch(letter -> letter.getRecordTime().equals(NOON));
  }

  @Test
  void shouldSendALetterWithoutItsValueWhereThatMayNotBeSent() {
    start();
    images.pipeInput(bytes("a"), new byte[1_000_001], NOON);
    awaitAnswers(1);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(letter.key()).isEqualTo(bytes("a"));
    assertThat(letter.value()).isNull();
    assertThat(header(letter.headers(), DeadLetter.MESSAGE))
        .contains("value of 1000001 bytes left out")
        .endsWith("it is at images/0/0");
  }

  @Test
  void shouldRefuseARecordThatAPredictionCouldNotCarry() {
    start();
    String half = "x".repeat(130 * 1024);
    RecordHeaders large = new RecordHeaders();
    large.add("baggage", bytes(half));
    RecordHeaders many = new RecordHeaders();
    for (int i = 0; i < 30_000; i++) {
      many.add("", null);
    }
    byte[] attributes =
        requests.serialize(
            "images",
            ImageRequest.newBuilder()
                .setImage(ByteBuffer.wrap(FakeDecoder.grey(1)))
                .setAttributes(Map.of("note", half))
                .build());
    images.pipeInput(new TestRecord<>(bytes("a"), attributes, large, NOON));
    images.pipeInput(new TestRecord<>(bytes(half), avro(1, null), large, NOON));
    images.pipeInput(new TestRecord<>(bytes("c"), avro(1, null), many, NOON));
    images.pipeInput(bytes("d"), avro(1, "x".repeat(1025)), NOON);
    images.pipeInput(new TestRecord<>(bytes("e"), avro(1, "cat"), large, NOON));
    awaitAnswers(5);

    assertThat(predictions.readKeyValuesToList())
        .extracting(p -> p.key)
        .containsExactly(bytes("e"));
    assertThat(deadLetters.readRecordsToList())
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .satisfiesExactly(
            reason ->
                assertThat(reason)
                    .contains("the key (1 bytes), headers (1331")
                    .contains("attributes (1331")
                    .contains("more than the 262144 bytes"),
            reason -> assertThat(reason).contains("the key (133120 bytes)"),
            reason -> assertThat(reason).contains("headers (300000)"),
            reason -> assertThat(reason).contains("the label has 1025 bytes, more than 1024"));
  }

  @Test
  void shouldCarryThePriorityAndRefuseOneOutsideItsBounds() {
    start();
    byte[] refused = avro(300f);
    images.pipeInput(bytes("a"), avro(10f), NOON);
    images.pipeInput(bytes("b"), refused, NOON);
    images.pipeInput(bytes("c"), avro(Float.NaN), NOON);
    images.pipeInput(bytes("d"), avro(0f), NOON);
    images.pipeInput(bytes("e"), avro(20, null), NOON);
    awaitAnswers(5);

    assertThat(predictions.readValuesToList())
        .extracting(Prediction::getPriority)
        .containsExactly(10f, 1f);
    List<TestRecord<byte[], byte[]>> letters = deadLetters.readRecordsToList();
    assertThat(letters)
        .extracting(l -> header(l.headers(), DeadLetter.MESSAGE))
        .containsExactly(
            "the priority is 300.0, which is not from 0.01 to 100.0",
            "the priority is NaN, which is not from 0.01 to 100.0",
            "the priority is 0.0, which is not from 0.01 to 100.0");
    assertThat(letters.get(0).value()).isEqualTo(refused);
  }

  private byte[] avro(float priority) {
    ImageRequest request = request(1);
    request.setPriority(priority);
    return requests.serialize("images", request);
  }

  private static ImageRequest request(int imageBytes) {
    return ImageRequest.newBuilder().setImage(ByteBuffer.allocate(imageBytes)).build();
  }

  @Test
  void shouldCountEachImageOnceInTheUtilizationOfItsShare() {
    start();
    for (int i = 0; i < 3; i++) {
      images.pipeInput(bytes("k" + i), avro(10 * i, i == 0 ? "cat" : null), NOON);
    }
    images.pipeInput(bytes("bad"), bytes("rubbish"), NOON);
    awaitAnswers(4);

    List<ExpertUtilization> events = utilization.readValuesToList();
    assertThat(events.stream().mapToInt(ExpertUtilization::getImages).sum()).isEqualTo(3);
    for (ExpertUtilization event : events) {
      assertThat(event.getSlots())
          .isEqualTo((double) event.getCapacity() * event.getImages() / event.getBatchSize());
      assertThat(event.getLayers())
          .hasSize(2)
          .extracting(LayerUtilization::getBlock)
          .containsExactly(1, 3);
      for (int layer = 0; layer < 2; layer++) {
        int at = layer;
        long assigned = sum(event.getLayers().get(layer).getAssigned());
        assertThat(assigned).isEqualTo(event.getImages() * 5L * 2);
        assertThat(
                event.getClasses().stream()
                    .mapToLong(c -> sum(c.getLayers().get(at).getAssigned()))
                    .sum())
            .isEqualTo(assigned);
      }
    }
    assertThat(events.stream().flatMap(e -> e.getClasses().stream()))
        .extracting(ClassUtilization::getLabel)
        .contains("cat", "grey-0")
        .doesNotContain("rubbish");
  }

  private static long sum(List<Long> counts) {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  @Test
  void shouldLetNoOffsetBeCommittedBeforeItsShareIsEmitted() {
    start();
    send("a", 1);
    send("b", 2);
    assertThat(committable(2)).isZero();

    awaitAnswers(2);

    assertThat(committable(2)).isEqualTo(2);
  }

  @Test
  void shouldForgetWhatIsInFlightWhenTheTaskCloses() {
    linger = Duration.ofMinutes(1);
    start();
    send("a", 1);
    assertThat(committable(2)).isZero();

    open.remove(driver);
    driver.close();

    assertThat(committable(2)).isEqualTo(2);
  }

  private long committable(long wanted) {
    return guard.guarded(Map.of(IMAGES, new OffsetAndMetadata(wanted))).get(IMAGES).offset();
  }

  @Test
  void shouldWaitForItsOldestShareWhenTooMuchIsInFlight() {
    classifier = new FakeClassifier(Duration.ofMillis(50));
    batchImages = 1;
    inFlightImages = 2;
    start();
    send("a", 1);
    assertThat(predictions.isEmpty()).isTrue();

    send("b", 2);

    assertThat(predictions.readValue().getSourceOffset()).isZero();
    assertThat(predictions.isEmpty()).isTrue();
  }

  @Test
  void shouldWaitBeyondTheBudgetRatherThanTakeMoreThanTwiceTheLimit() {
    linger = Duration.ofSeconds(3);
    batchImages = 100;
    inFlightImages = 2;
    guard = new CommitGuard(Duration.ofMillis(20));
    start();
    send("a", 1);
    send("b", 2);
    assertThat(guard.waitBudget().left()).isEqualTo(Duration.ZERO);
    send("c", 3);
    assertThat(predictions.isEmpty()).isTrue();

    send("d", 4);

    assertThat(predictions.getQueueSize()).isEqualTo(4);
    assertThat(guard.waitBudget().waited()).isGreaterThan(Duration.ofSeconds(1));
  }

  @Test
  void shouldWaitWhenTheRecordsInFlightAreLarge() {
    classifier = new FakeClassifier(Duration.ofMillis(50));
    batchImages = 1;
    byte[] large = avro(1, "x".repeat(700));
    inFlightBytes = 2L * large.length;
    start();
    images.pipeInput(bytes("a"), large, NOON);
    images.pipeInput(bytes("b"), large, NOON);
    assertThat(predictions.isEmpty()).isTrue();
    assertThat(inFlight.bytes()).isEqualTo(2L * large.length);

    images.pipeInput(bytes("c"), large, NOON);

    assertThat(predictions.readValue().getSourceOffset()).isZero();
    assertThat(inFlight.bytes()).isLessThanOrEqualTo(inFlightBytes);
    awaitAnswers(2);
    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void shouldAccountForNothingOnceTheTaskIsClosed() {
    linger = Duration.ofMinutes(1);
    start();
    send("a", 1);
    images.pipeInput(bytes("b"), bytes("rubbish"), NOON);
    assertThat(inFlight.bytes()).isPositive();

    open.remove(driver);
    driver.close();

    assertThat(inFlight.bytes()).isZero();
  }

  @Test
  void shouldNotWaitOnceTheInstanceStops() {
    linger = Duration.ofMinutes(1);
    inFlightImages = 1;
    start();
    inFlight.stop();

    send("a", 1);
    send("b", 2);
    send("c", 3);

    assertThat(predictions.isEmpty()).isTrue();
  }

  @Test
  void shouldFailTheThreadWhenInferenceFails() {
    classifier.failNext(1);
    start();
    send("a", 1);

    assertThatThrownBy(() -> awaitAnswers(1)).hasStackTraceContaining("told to fail");
    assertThat(predictions.isEmpty()).isTrue();
  }

  @Test
  void shouldTakeBackAnOffsetWhoseProcessFailed() {
    classifier.failNext(1);
    inFlightImages = 1;
    start();

    assertThatThrownBy(() -> send("a", 1)).hasStackTraceContaining("told to fail");
    assertThat(guard.pending().first(IMAGES)).isEmpty();
  }

  @Test
  void shouldRecordWhatComesAndGoes() {
    batchImages = 2;
    linger = Duration.ofMinutes(1);
    start();
    send("a", 10);
    images.pipeInput(bytes("b"), bytes("rubbish"), NOON);
    images.pipeInput(bytes("c"), requests.serialize("images", request(2)), NOON);
    images.pipeInput(bytes("d"), requests.serialize("images", request(0)), NOON);
    send("e", 20);
    send("f", 30);
    images.pipeInput(bytes("g"), null, NOON);
    images.pipeInput(bytes("h"), new byte[] {0, 0, 0, 0, 99, 1}, NOON);
    awaitAnswers(8);

    Scrape scrape = Scrape.of(meters);
    assertThat(scrape.value("vmoe_images_read_total")).isEqualTo(8);
    assertThat(scrape.value("vmoe_images_answered_total")).isEqualTo(3);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"avro\"}")).isEqualTo(1);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"image\"}")).isEqualTo(2);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"refused\"}")).isEqualTo(1);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"schema\"}")).isEqualTo(1);
    assertThat(scrape.value("vmoe_batches_total{reason=\"size\"}")).isEqualTo(4);
    assertThat(scrape.value("vmoe_batches_total{reason=\"linger\"}")).isZero();
    assertThat(scrape.value("vmoe_batch_images_sum")).isEqualTo(3);
    assertThat(scrape.value("vmoe_batch_inference_seconds_count")).isEqualTo(2);
    assertThat(scrape.value("vmoe_image_queue_seconds_count")).isEqualTo(3);
    assertThat(scrape.value("vmoe_capacity_requested_ratio")).isEqualTo(1.05);
    assertThat(scrape.value("vmoe_experts_per_token")).isEqualTo(2);
    // 3 images of 5 tokens with 2 choices each, in both layers
    assertThat(scrape.sum("vmoe_expert_choices_assigned_total")).isEqualTo(60);
  }

  @Test
  void shouldCountAsLateWhatWaitedTooLongSinceItWasSeenNotAReplayOfOldRecords() {
    metrics.capacity().configured(0, Duration.ofSeconds(5).toNanos());
    start();
    send("old", 10); // sent at noon of another day
    awaitAnswers(1);
    assertThat(Scrape.of(meters).value("vmoe_images_late_total")).isZero();

    Arrivals arrivals = guard.pending().owned().get(IMAGES).arrivals();
    long nowNanos = System.nanoTime();
    arrivals.read(nowNanos - Duration.ofSeconds(8).toNanos(), 1, 1);
    arrivals.read(nowNanos - Duration.ofSeconds(7).toNanos(), 2, 1);
    send("seen seven seconds ago", 20);
    awaitAnswers(2);
    assertThat(Scrape.of(meters).value("vmoe_images_late_total")).isEqualTo(1);
  }
}
