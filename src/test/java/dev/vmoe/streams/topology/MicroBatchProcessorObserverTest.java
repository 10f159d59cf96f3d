package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.commit.Arrivals;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.metrics.Scrape;
import dev.vmoe.streams.tracing.ImageTrace;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the processor tells its observers, and what their failures do to it: nothing. */
class MicroBatchProcessorObserverTest extends ProcessorFixture {

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
    assertThat(guard.queues().inFlightImages()).isZero();
    assertThat(guard.queues().inFlightBytes()).isZero();

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
    public void ran(BatchRun run, List<QueuedRecord> images) {
      fail("ran");
    }

    @Override
    public void answering(
        BatchRun run, Answer.Classified<QueuedRecord> answer, Prediction prediction) {
      fail("answering");
    }

    @Override
    public void refusing(Answer.Rejected<QueuedRecord> answer) {
      fail("refusing");
    }

    @Override
    public void sending(QueuedRecord image, Headers headers) {
      fail("sending");
    }

    @Override
    public void sent(QueuedRecord image) {
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
    RecordHeaders json = new RecordHeaders();
    json.add("content-type", bytes("application/json"));
    images.pipeInput(new TestRecord<>(bytes("i"), bytes("{}"), json, NOON));
    images.pipeInput(new TestRecord<>(bytes("j"), bytes("[]"), json, NOON));
    awaitAnswers(10);

    Scrape scrape = Scrape.of(meters);
    assertThat(scrape.value("vmoe_images_read_total")).isEqualTo(10);
    assertThat(scrape.value("vmoe_images_answered_total")).isEqualTo(3);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"avro\"}")).isEqualTo(1);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"image\"}")).isEqualTo(2);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"refused\"}")).isEqualTo(3);
    assertThat(scrape.value("vmoe_images_dead_lettered_total{cause=\"schema\"}")).isEqualTo(1);
    assertThat(scrape.value("vmoe_batches_total{reason=\"size\"}")).isEqualTo(5);
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

    Arrivals arrivals = guard.queues().owned().get(IMAGES).arrivals();
    long nowNanos = System.nanoTime();
    arrivals.read(nowNanos - Duration.ofSeconds(8).toNanos(), 1, 1);
    arrivals.read(nowNanos - Duration.ofSeconds(7).toNanos(), 2, 1);
    send("seen seven seconds ago", 20);
    awaitAnswers(2);
    assertThat(Scrape.of(meters).value("vmoe_images_late_total")).isEqualTo(1);
  }
}
