package dev.vmoe.lab.overload;

import dev.vmoe.app.client.CommittedConsumer;
import dev.vmoe.app.client.ImageProducer;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Sends each image when it is due, even where earlier ones wait, and receives the answers with
 * read_committed. One producer and one consumer for as long as it is open.
 */
public final class OpenLoopClient implements AutoCloseable {

  private static final Duration POLL = Duration.ofMillis(20);
  private static final String CLIENT_ID = "vmoe-client";

  private static final String DEAD_LETTER_KIND = "__streams.errors.exception";
  private static final String EXPIRED = "dev.vmoe.Expired";

  /** Images due within this are sent together: a wake-up each would cost the pipeline a core. */
  private static final long SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

  private static final long LEAD_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final RegistryClient registry;
  private final ImageProducer producer;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final AvroDeserializer<Prediction> reader;
  private final List<LabelledImage> images;
  private final List<ImageRequest> requests;
  private final Duration stalledAfter;
  private final List<String> models;
  private final String deadLetters;
  private long exchanges;

  /** Says when the next image may go; false when there is none. */
  @FunctionalInterface
  private interface Turn {
    boolean await(int image) throws InterruptedException;
  }

  /** Takes the answer to an image; null for one that expired. */
  @FunctionalInterface
  private interface Receipt {
    void take(int image, long nanos, @Nullable Prediction prediction);
  }

  /**
   * Creates a client of a pipeline; to be closed before it.
   *
   * @param images images to send, again from the first where more are wanted
   * @param stalledAfter silence after which images without an answer count as lost
   * @param models names of the models beside each other, by index; empty for one alone
   */
  public OpenLoopClient(
      LocalPipeline pipeline,
      List<LabelledImage> images,
      Duration stalledAfter,
      List<String> models) {
    Settings settings = pipeline.settings();
    Topics topics = Topics.of(settings);
    String servers = settings.getString(Settings.BOOTSTRAP_SERVERS);
    this.registry = RegistryClient.of(settings);
    this.reader = new AvroDeserializer<>(registry, Prediction.class);
    this.images = List.copyOf(images);
    this.requests = images.stream().map(LabelledImage::toRequest).toList();
    this.stalledAfter = stalledAfter;
    this.models = List.copyOf(models);
    this.consumer =
        CommittedConsumer.fromNow(
            servers, CLIENT_ID, List.of(topics.predictions(), topics.deadLetters()));
    this.deadLetters = topics.deadLetters();
    this.producer =
        new ImageProducer(
            Map.of("bootstrap.servers", servers, "client.id", CLIENT_ID, "linger.ms", 5),
            registry,
            topics.images().get(0));
  }

  /**
   * Sends an image at each arrival of a trace and waits until all are answered, or nothing is for
   * too long.
   *
   * @param deadline time in which an image asks to be answered; null if it asks for none
   * @param seed of the order of the images: the same for all that are to be compared
   * @throws IllegalStateException if an image could not be sent
   */
  public TraceOutcome play(ArrivalTrace trace, @Nullable Duration deadline, long seed)
      throws InterruptedException {
    List<Integer> order = order(seed);
    TraceOutcome outcome = new TraceOutcome(trace);
    long startNanos = System.nanoTime() + LEAD_NANOS;
    exchange(
        order,
        deadline,
        image ->
            image < trace.images() && awaitDue(startNanos + Math.round(trace.seconds(image) * 1e9)),
        (image, nanos, prediction) -> {
          double seconds = (nanos - startNanos) / 1e9;
          if (prediction == null) {
            outcome.expire(image, seconds);
          } else {
            outcome.answer(
                image,
                seconds,
                right(prediction, order, image),
                models.isEmpty() ? 0 : models.indexOf(prediction.getModel()),
                prediction.getRequestedCapacityRatio(),
                prediction.getExpertsPerToken());
          }
        });
    return outcome;
  }

  private static boolean awaitDue(long dueNanos) throws InterruptedException {
    long left = dueNanos - System.nanoTime();
    if (left > 0) {
      TimeUnit.NANOSECONDS.sleep(Math.max(left, SLEEP_NANOS));
    }
    return true;
  }

  private double right(Prediction prediction, List<Integer> order, int image) {
    String label = images.get(order.get(image % order.size())).label();
    return prediction.getTop().get(0).getLabel().equals(label) ? 1 : 0;
  }

  /**
   * Keeps the pipeline busy and returns how much it answers once it runs evenly.
   *
   * @param settling time that does not count
   * @param measured time that counts; extended until two receipts have come
   * @param window images sent and not yet answered, always
   * @return images a second
   * @throws IllegalStateException if the pipeline does not answer
   */
  public double saturate(Duration settling, Duration measured, int window, long seed)
      throws InterruptedException {
    Semaphore room = new Semaphore(window);
    long fromNanos = System.nanoTime() + settling.toNanos();
    long toNanos = fromNanos + measured.toNanos();
    Throughput throughput = new Throughput(fromNanos, toNanos);
    long pollNanos = TimeUnit.MILLISECONDS.toNanos(50);
    exchange(
        order(seed),
        null,
        image -> {
          while (!throughput.ended(System.nanoTime())) {
            if (room.tryAcquire(pollNanos, TimeUnit.NANOSECONDS)) {
              return true;
            }
          }
          return false;
        },
        (image, nanos, prediction) -> {
          room.release();
          throughput.add(nanos);
        });
    return throughput.perSecond(stalledAfter);
  }

  /** Answers a second between the first receipt of a stretch of time and the last. */
  private static final class Throughput {
    private final long fromNanos;
    private final long toNanos;
    private long firstNanos;
    private long lastNanos;
    private volatile long answers; // also read by the sender

    Throughput(long fromNanos, long toNanos) {
      this.fromNanos = fromNanos;
      this.toNanos = toNanos;
    }

    void add(long nanos) {
      if (nanos < fromNanos || (ended(nanos) && nanos != lastNanos)) {
        return;
      }
      if (firstNanos == 0) {
        firstNanos = nanos;
      }
      if (nanos > firstNanos) { // the first receipt only starts the clock
        lastNanos = nanos;
        answers = answers + 1; // by one thread only
      }
    }

    /** Returns whether the time is up and something is known. */
    boolean ended(long nowNanos) {
      return nowNanos > toNanos && answers > 0;
    }

    double perSecond(Duration stalledAfter) {
      if (answers == 0) {
        throw new IllegalStateException(
            String.format(
                "the pipeline, kept busy, answered nothing for %d s; the log says why",
                stalledAfter.toSeconds()));
      }
      return answers / ((lastNanos - firstNanos) / 1e9);
    }
  }

  private List<Integer> order(long seed) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      order.add(i);
    }
    Collections.shuffle(order, new Random(seed));
    return order;
  }

  /** Sends on a thread of its own and receives on this one. */
  private void exchange(
      List<Integer> order, @Nullable Duration deadline, Turn turn, Receipt receipt)
      throws InterruptedException {
    String prefix = exchanges++ + "-"; // answers that come after their time belong to nobody
    TraceSender sending = new TraceSender(prefix, order, deadline, turn);
    Thread sender = DaemonThread.start(sending, CLIENT_ID + "-producer");
    try {
      receive(prefix, sending, receipt);
    } finally {
      sender.interrupt();
      sender.join();
    }
  }

  private void receive(String prefix, TraceSender sending, Receipt receipt) {
    int answered = 0;
    long lastProgressNanos = System.nanoTime();
    while (!sending.ended || answered < sending.sent) {
      int before = answered;
      Iterable<ConsumerRecord<byte[], byte[]>> records = consumer.poll(POLL);
      long nowNanos = System.nanoTime();
      for (ConsumerRecord<byte[], byte[]> record : records) {
        String key = new String(record.key(), StandardCharsets.UTF_8);
        if (key.startsWith(prefix)) {
          receipt.take(Integer.parseInt(key.substring(prefix.length())), nowNanos, read(record));
          answered++;
        }
      }
      Throwable failure = sending.failure.get();
      if (failure != null) {
        throw new IllegalStateException(
            "an image could not be sent: " + failure.getMessage(), failure);
      }
      // who waits for the next arrival of a sparse trace is not stalled
      if (answered > before || answered == sending.sent) {
        lastProgressNanos = nowNanos;
      } else if (nowNanos - lastProgressNanos > stalledAfter.toNanos()) {
        return;
      }
    }
  }

  /** Returns the prediction of an image; null if it expired. */
  private @Nullable Prediction read(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(deadLetters)) {
      Header kind = record.headers().lastHeader(DEAD_LETTER_KIND);
      if (kind == null || !EXPIRED.equals(new String(kind.value(), StandardCharsets.UTF_8))) {
        throw new IllegalStateException("an image was given back, and not because it expired");
      }
      return null;
    }
    try {
      return reader.read(record.value());
    } catch (BadRecordException e) {
      throw new IllegalStateException("an answer is no prediction: " + e.getMessage(), e);
    }
  }

  /** The sender's thread; says how far it is. */
  private final class TraceSender implements Runnable {

    private final String prefix;
    private final List<Integer> order;
    private final @Nullable Duration deadline;
    private final Turn turn;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private volatile int sent;
    private volatile boolean ended;

    TraceSender(String prefix, List<Integer> order, @Nullable Duration deadline, Turn turn) {
      this.prefix = prefix;
      this.order = order;
      this.deadline = deadline;
      this.turn = turn;
    }

    @Override
    public void run() {
      try {
        for (int image = 0; turn.await(image); image++) {
          sent = image + 1; // before it is: its answer may come before the next line
          var unused =
              producer
                  .send(prefix + image, request(order.get(image % order.size())))
                  .whenComplete((position, e) -> fail(e));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (RuntimeException e) {
        fail(e);
      } finally {
        ended = true;
      }
    }

    private ImageRequest request(int index) {
      ImageRequest request = requests.get(index);
      return deadline == null
          ? request
          : ImageRequest.newBuilder(request).setDeadline(Instant.now().plus(deadline)).build();
    }

    private void fail(@Nullable Throwable e) {
      if (e != null) {
        failure.compareAndSet(null, e);
      }
    }
  }

  @Override
  public void close() {
    try (registry;
        consumer;
        producer) {
      // each is closed even if another fails
    }
  }
}
