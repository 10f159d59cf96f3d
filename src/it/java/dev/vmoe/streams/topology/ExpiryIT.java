package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.instance.Pipeline;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Beyond what any operating point can answer, with images that expire. */
@Timeout(90)
class ExpiryIT {

  private static final int PARTITIONS = 2;
  private static final int TARGET_MS = 2_000;

  private static final int FULL = 8;
  private static final Duration RUN = Duration.ofMillis(80);

  /** Three times what runs of full batches answer. */
  private static final int SENT_PER_SECOND = 300;

  private static final int SECONDS = 7;

  /** Measures how long it has been busy: on a busy machine runs take longer than they should. */
  private record BusyClassifier(FakeClassifier inner, LongAdder busyNanos, LongAdder runs)
      implements BatchClassifier {

    BusyClassifier() {
      this(new FakeClassifier(RUN), new LongAdder(), new LongAdder());
    }

    @Override
    public ModelCard card() {
      return inner.card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      long startNanos = System.nanoTime();
      BatchResult result = inner.classify(images, numImages, priorities, settings);
      busyNanos.add(System.nanoTime() - startNanos);
      runs.increment();
      return result;
    }

    @Override
    public void close() {}
  }

  @Test
  void shouldAnswerWhatItCanInTimeAndMakeDeadLettersOfTheRest() throws Exception {
    Map<String, Object> settings =
        Map.of(
            "capacity.mode",
            "fixed",
            "batch.max.images",
            FULL,
            "late.policy",
            "expire",
            "target.latency.ms",
            TARGET_MS);
    BusyClassifier classifier = new BusyClassifier();
    ScheduledExecutorService sender = Executors.newSingleThreadScheduledExecutor();
    try (Workbench workbench = Workbench.open(PARTITIONS);
        Pipeline pipeline =
            Pipeline.start(workbench.settings(settings), classifier, new FakeDecoder(8 * 8 * 3));
        Workbench.Reader<Prediction> predictions = workbench.predictions();
        Answers answers = Answers.of(workbench)) {
      for (int i = 0; i < PARTITIONS; i++) {
        workbench.send(i, "first " + i, FakeDecoder.grey(1));
      }
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> answers.poll() >= PARTITIONS); // it has its partitions
      predictions.pollToEnd();
      int before = predictions.records.size();

      int all = SENT_PER_SECOND * SECONDS;
      AtomicInteger sent = new AtomicInteger();
      sender.scheduleAtFixedRate(
          () -> send(workbench, sent, Math.min(3, all - sent.get())), 0, 10, TimeUnit.MILLISECONDS);
      long runsBefore = classifier.runs().sum();
      long busyBefore = classifier.busyNanos().sum();
      int late = 0;
      int checked = before;
      long endNanos = System.nanoTime() + Duration.ofSeconds(SECONDS).toNanos();
      while (System.nanoTime() < endNanos) {
        predictions.poll();
        long nowMs = System.currentTimeMillis();
        for (; checked < predictions.records.size(); checked++) {
          late += nowMs - predictions.records.get(checked).timestamp() > TARGET_MS ? 1 : 0;
        }
      }
      int answered = checked - before;
      long runs = classifier.runs().sum() - runsBefore;
      double busy = (classifier.busyNanos().sum() - busyBefore) / (SECONDS * 1e9);
      await()
          .atMost(Duration.ofSeconds(20))
          .until(() -> sent.get() == all && answers.poll() == all + PARTITIONS);

      answers.assertExactlyOnce();
      // with room for a machine that does other things, too
      assertThat(late).as("late of %d", answered).isLessThanOrEqualTo(answered / 20);
      assertThat(busy).isGreaterThan(0.75);
      assertThat(answered).as("%d runs", runs).isGreaterThan((int) (0.8 * FULL * (runs - 4)));
      assertThat(answers.letters.records)
          .isNotEmpty()
          .allMatch(
              letter -> Answers.header(letter, DeadLetter.EXCEPTION).equals("dev.vmoe.Expired"));
      assertAscending(answers);
      assertThat(pipeline.failure()).isEmpty();
    } finally {
      sender.shutdownNow();
    }
  }

  private static void send(Workbench workbench, AtomicInteger sent, int count) {
    for (int i = 0; i < count; i++) {
      int number = sent.get();
      workbench.send(number % PARTITIONS, "image " + number, FakeDecoder.grey(number % 256));
      sent.incrementAndGet();
    }
    workbench.flush();
  }

  /** Within a partition of the output, the answers of one source partition are in its order. */
  private static void assertAscending(Answers answers) {
    Map<String, Long> last = new HashMap<>();
    for (int i = 0; i < answers.predictions.records.size(); i++) {
      Prediction prediction = answers.predictions.read.get(i);
      assertAscending(
          last,
          answers.predictions.records.get(i),
          Integer.toString(prediction.getSourcePartition()),
          prediction.getSourceOffset());
    }
    for (ConsumerRecord<byte[], byte[]> letter : answers.letters.records) {
      assertAscending(
          last,
          letter,
          Answers.header(letter, DeadLetter.PARTITION),
          Long.parseLong(Answers.header(letter, DeadLetter.OFFSET)));
    }
  }

  private static void assertAscending(
      Map<String, Long> last, ConsumerRecord<byte[], byte[]> record, String source, long offset) {
    Long earlier = last.put(record.topic() + record.partition() + " of " + source, offset);
    assertThat(earlier == null || earlier < offset)
        .as("%d after %d of partition %s", offset, earlier, source)
        .isTrue();
  }
}
