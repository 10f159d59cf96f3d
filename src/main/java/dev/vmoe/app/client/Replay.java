package dev.vmoe.app.client;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.EventReader;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.DaemonThread;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Sends images to a pipeline as a producer would, and receives what it makes of them as a client
 * would: over Kafka, with read_committed.
 */
public final class Replay {

  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration STALLED_AFTER = Duration.ofMinutes(1);
  private static final String CLIENT_ID = "vmoe-client";

  /** Where a dead letter's image stood (KIP-1034). */
  private static final String DEAD_LETTER_PARTITION = "__streams.errors.partition";

  private static final String DEAD_LETTER_OFFSET = "__streams.errors.offset";

  private final String bootstrapServers;
  private final RegistryClient registry;
  private final TopicNames topics;
  private final Duration stalledAfter;
  private final EventReader<Prediction> predictionReader;
  private final EventReader<ExpertUtilization> utilizationReader;
  private final Function<LabelledImage, ImageRequest> requests;
  private volatile boolean stopped;

  /**
   * Full names of the topics of a pipeline.
   *
   * @param expertUtilization null where nothing is said of experts
   * @param deadLetters null where no image is given back
   */
  public record TopicNames(
      String images,
      String predictions,
      @Nullable String expertUtilization,
      @Nullable String deadLetters) {

    List<String> ofAnswers() {
      return Stream.of(predictions, expertUtilization, deadLetters)
          .filter(Objects::nonNull)
          .toList();
    }
  }

  /**
   * How images are offered.
   *
   * @param images images to send
   * @param perSecond images a second; 0 for as fast as they are answered
   * @param window maximum images sent and not yet answered
   */
  public record ReplayLoad(long images, double perSecond, int window) {

    /** Rejects a load that sends nothing. */
    public ReplayLoad {
      if (images < 1 || perSecond < 0 || window < 1) {
        throw new IllegalArgumentException(
            String.format("%d images, %s a second, window %d", images, perSecond, window));
      }
    }
  }

  /** When images are sent. */
  @FunctionalInterface
  public interface Tempo {

    /** Waits until the next image is due. */
    void awaitNext() throws InterruptedException;
  }

  /**
   * What came of a replay.
   *
   * @param sent images sent
   * @param summary what was received
   * @param seconds from the first image sent to the last answer received
   */
  public record ReplayOutcome(long sent, StreamSummary.Result summary, double seconds) {}

  /**
   * Creates a replay.
   *
   * @param bootstrapServers the brokers
   * @param registry stays the caller's to close
   */
  public Replay(String bootstrapServers, RegistryClient registry, TopicNames topics) {
    this(bootstrapServers, registry, topics, STALLED_AFTER);
  }

  /**
   * Creates a replay that gives up earlier or later.
   *
   * @param bootstrapServers the brokers
   * @param registry stays the caller's to close
   * @param stalledAfter longest time without an answer
   */
  public Replay(
      String bootstrapServers, RegistryClient registry, TopicNames topics, Duration stalledAfter) {
    this(bootstrapServers, registry, topics, stalledAfter, LabelledImage::toRequest);
  }

  private Replay(
      String bootstrapServers,
      RegistryClient registry,
      TopicNames topics,
      Duration stalledAfter,
      Function<LabelledImage, ImageRequest> requests) {
    this.requests = requests;
    this.stalledAfter = stalledAfter;
    this.bootstrapServers = bootstrapServers;
    this.registry = registry;
    this.topics = topics;
    this.predictionReader = new EventReader<>(registry, Prediction.class);
    this.utilizationReader = new EventReader<>(registry, ExpertUtilization.class);
  }

  /** Returns a replay that sends other requests for the images, such as with their address. */
  public Replay sending(Function<LabelledImage, ImageRequest> requests) {
    return new Replay(bootstrapServers, registry, topics, stalledAfter, requests);
  }

  /**
   * Sends the images and returns once each is answered or given back.
   *
   * @param images at least as many as the load wants
   * @param answered told how many are answered so far, after each receipt
   * @throws IllegalStateException if nothing is answered for too long
   */
  public ReplayOutcome run(Iterator<LabelledImage> images, ReplayLoad load, LongConsumer answered)
      throws InterruptedException {
    Pace pace = new Pace(load.perSecond() > 0 ? load.perSecond() : Double.POSITIVE_INFINITY);
    return run(images, load, pace::awaitNext, answered);
  }

  /**
   * Sends images until there are enough, or {@link #stop()}, and returns once each is answered or
   * given back.
   *
   * @param tempo when each is sent; the load's own rate does not count
   */
  public ReplayOutcome run(
      Iterator<LabelledImage> images, ReplayLoad load, Tempo tempo, LongConsumer answered)
      throws InterruptedException {
    Sending sending = new Sending(images, load, tempo);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      Thread producer = DaemonThread.start(sending, CLIENT_ID + "-producer");
      try {
        StreamSummary summary = receive(consumer, sending, answered);
        return new ReplayOutcome(
            sending.sent, summary.result(), (System.nanoTime() - sending.firstSentNanos) / 1e9);
      } finally {
        producer.interrupt();
        producer.join();
      }
    }
  }

  /** Sends no more; may be called by any thread. */
  public void stop() {
    stopped = true;
  }

  private KafkaConsumer<byte[], byte[]> consumer() {
    return CommittedConsumer.fromNow(bootstrapServers, CLIENT_ID, topics.ofAnswers());
  }

  /** The sender's thread; says how far it is. */
  private final class Sending implements Runnable {

    private final Iterator<LabelledImage> images;
    private final ReplayLoad load;
    private final Tempo tempo;
    private final Semaphore window;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile long firstSentNanos;
    private volatile long sent;
    private volatile boolean ended;

    Sending(Iterator<LabelledImage> images, ReplayLoad load, Tempo tempo) {
      this.images = images;
      this.load = load;
      this.tempo = tempo;
      this.window = new Semaphore(load.window());
    }

    @Override
    public void run() {
      try (ImageProducer producer =
          new ImageProducer(
              Map.of("bootstrap.servers", bootstrapServers, "client.id", CLIENT_ID, "linger.ms", 5),
              registry,
              topics.images())) {
        firstSentNanos = System.nanoTime();
        for (long image = 1; image <= load.images() && !stopped; image++) {
          window.acquire();
          tempo.awaitNext();
          LabelledImage next = images.next();
          sent = image; // before it is: its answer may come before the next line
          producer
              .send(next.name(), requests.apply(next))
              .exceptionally(
                  e -> {
                    failure.compareAndSet(null, e);
                    throw new IllegalStateException(e);
                  });
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        failure.compareAndSet(null, e);
      } finally {
        ended = true;
      }
    }
  }

  private StreamSummary receive(
      KafkaConsumer<byte[], byte[]> consumer, Sending sending, LongConsumer answered) {
    StreamSummary summary = new StreamSummary();
    long lastProgressNanos = System.nanoTime();
    while (!sending.ended
        || summary.predictions() + summary.deadLetters() < sending.sent
        || topics.expertUtilization() != null
            && summary.utilizationImages() < summary.predictions()) {
      int count = 0;
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        count += add(summary, record);
      }
      sending.window.release(count);
      Throwable cause = sending.failure.get();
      if (cause != null) {
        throw new IllegalStateException("an image could not be sent: " + cause.getMessage(), cause);
      }
      long answers = summary.predictions() + summary.deadLetters();
      if (count > 0) {
        lastProgressNanos = System.nanoTime();
        answered.accept(answers);
      } else if (!sending.ended && answers >= sending.sent) {
        lastProgressNanos = System.nanoTime(); // who waits for the next image is not stalled
      } else if (System.nanoTime() - lastProgressNanos > stalledAfter.toNanos()) {
        throw new IllegalStateException(
            String.format(
                "nothing was answered for %d s: %d of %d images so far; the log says why",
                stalledAfter.toSeconds(), answers, sending.sent));
      }
    }
    return summary;
  }

  /** Counts a record; returns 1 if it answers an image. */
  private int add(StreamSummary summary, ConsumerRecord<byte[], byte[]> record) {
    try {
      if (record.topic().equals(topics.deadLetters())) {
        summary.addDeadLetter(
            (int) number(record, DEAD_LETTER_PARTITION), number(record, DEAD_LETTER_OFFSET));
        return 1;
      }
      if (record.topic().equals(topics.expertUtilization())) {
        summary.add(utilizationReader.read(record.value()));
        return 0;
      }
      summary.add(
          predictionReader.read(record.value()), System.currentTimeMillis() - record.timestamp());
      return 1;
    } catch (BadRecordException e) {
      throw new IllegalStateException(
          "topic " + record.topic() + " holds a record that is no event: " + e.getMessage(), e);
    }
  }

  private static long number(ConsumerRecord<byte[], byte[]> record, String header) {
    return Long.parseLong(
        new String(record.headers().lastHeader(header).value(), StandardCharsets.UTF_8));
  }
}
