package dev.vmoe.lab.faults;

import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.DaemonThread;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * Sends images to all partitions in turn, at a steady rate, until it is stopped. One record in
 * twenty is hostile; one good image in ten comes as raw bytes.
 */
final class HostileLoad implements AutoCloseable {

  /** Header with the number of the record. */
  private static final String NUMBER = "number";

  private static final int IMAGES = 64;
  private static final int SIDE = 28;
  private static final int HOSTILE_ONE_IN = 20;
  private static final int RAW_ONE_IN = 10;

  /** Longer than any fault: what was handed to the producer is written. */
  private static final int NEVER_MS = 3_600_000;

  private final KafkaProducer<byte[], byte[]> producer;
  private final RegistryClient registry;
  private final AvroSerializer<ImageRequest> serializer;
  private final String topic;
  private final Random random;
  private final List<byte[]> images = new ArrayList<>();
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final Thread thread;
  private final long everyNanos;
  private volatile int partitions;
  private volatile int schemaId;
  private volatile boolean stopped;
  private volatile @Nullable Throwable failure;
  private int schemas;
  private long sent;

  /**
   * Prepares a load; {@link #start()} lets it run.
   *
   * @param registry of its own: the load goes on while the instances' registry fails
   * @param perSecond records a second
   */
  HostileLoad(
      String bootstrapServers,
      RegistryClient registry,
      String topic,
      int partitions,
      double perSecond,
      long seed) {
    this.registry = registry;
    this.serializer = new AvroSerializer<>(registry);
    this.topic = topic;
    this.partitions = partitions;
    this.random = new Random(seed);
    this.everyNanos = Math.round(1e9 / perSecond);
    for (int i = 0; i < IMAGES; i++) {
      byte[] pixels = new byte[SIDE * SIDE];
      random.nextBytes(pixels);
      images.add(new PngEncoder().encodeGrey(pixels, SIDE, SIDE));
    }
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.ACKS_CONFIG,
                "all",
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                NEVER_MS,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                NEVER_MS,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                5_000,
                ProducerConfig.METADATA_MAX_AGE_CONFIG,
                2_000,
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                128L << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    thread = DaemonThread.of(this::send, "hostile-load");
    newSchema();
  }

  /** Begins to send. */
  void start() {
    thread.start();
  }

  /** Sends to this many partitions from now on. */
  void partitions(int count) {
    partitions = count;
  }

  /** Sends images by a schema that no instance has met, from now on. */
  void newSchema() {
    Schema another =
        new Schema.Parser()
            .parse(
                ImageRequest.getClassSchema()
                    .toString()
                    .replace("One image", "Version " + ++schemas + ": one image"));
    schemaId = registry.register(topic, another);
  }

  private void send() {
    long nextNanos = System.nanoTime();
    while (!stopped) {
      long waitNanos = nextNanos - System.nanoTime();
      if (waitNanos > 0) {
        try {
          TimeUnit.NANOSECONDS.sleep(waitNanos);
        } catch (InterruptedException e) {
          return;
        }
      }
      try {
        sendOne();
      } catch (InterruptException e) {
        return; // stopped while the buffer was full
      } catch (RuntimeException e) {
        failure = e;
        return;
      }
      nextNanos = Math.max(nextNanos + everyNanos, System.nanoTime() - everyNanos * 10);
    }
  }

  /**
   * Sends bombs of all formats as fast as it can, and a good image behind each in its partition;
   * returns once the brokers have them.
   *
   * @param all the bombs
   * @param heavyOneIn one in so many is a valid image
   */
  void bombs(int count, List<Bomb> all, int heavyOneIn) {
    Map<Boolean, List<Bomb>> kinds = all.stream().collect(Collectors.partitioningBy(Bomb::heavy));
    synchronized (this) {
      for (int i = 0; i < count; i++) {
        boolean heavy = i % heavyOneIn == 0;
        List<Bomb> bombs = Objects.requireNonNull(kinds.get(heavy));
        Bomb bomb = bombs.get((heavy ? i / heavyOneIn : i) % bombs.size());
        String key = heavy ? Bomb.KEY : HostileRecord.KEY + "BOMB-";
        int partition = i % partitions; // the good image waits for the bomb before it
        send(partition, key + bomb.format() + "-" + sent, avro(bomb.image()), null);
        sent++;
        byte[] good = avro(images.get(random.nextInt(images.size())));
        send(partition, "image-" + sent, good, null);
        sent++;
      }
    }
    producer.flush();
  }

  private byte[] avro(byte[] image) {
    return avro(ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).build());
  }

  private synchronized void sendOne() {
    byte[] png = images.get(random.nextInt(images.size()));
    int partition = (int) (sent % partitions);
    if (random.nextInt(HOSTILE_ONE_IN) == 0) {
      HostileRecord kind = HostileRecord.values()[random.nextInt(HostileRecord.values().length)];
      ImageRequest request = kind.request(png);
      send(
          partition,
          HostileRecord.KEY + kind + "-" + sent,
          request == null ? kind.value(png) : avro(request),
          kind.contentType());
    } else if (random.nextInt(RAW_ONE_IN) == 0) {
      send(partition, "raw-" + sent, png, "image/png");
    } else {
      send(partition, "image-" + sent, avro(png), null);
    }
    sent++;
  }

  private byte[] avro(ImageRequest request) {
    byte[] bytes = Objects.requireNonNull(serializer.serialize(topic, request));
    ByteBuffer.wrap(bytes, 1, Integer.BYTES).putInt(schemaId);
    return bytes;
  }

  private void send(
      int partition, String key, byte @Nullable [] value, @Nullable String contentType) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            topic,
            partition,
            System.currentTimeMillis(),
            key.getBytes(StandardCharsets.UTF_8),
            value);
    record.headers().add(NUMBER, Long.toString(sent).getBytes(StandardCharsets.UTF_8));
    if (contentType != null) {
      record
          .headers()
          .add(EventSerializer.CONTENT_TYPE, contentType.getBytes(StandardCharsets.UTF_8));
    }
    producer.send(
        record,
        (metadata, failure) -> {
          if (failure == null) {
            acknowledged.incrementAndGet();
          } else {
            refused.incrementAndGet();
          }
        });
  }

  /** Returns the records that the brokers have acknowledged. */
  long acknowledged() {
    return acknowledged.get();
  }

  /** Returns the records that the producer gave up. */
  long refused() {
    return refused.get();
  }

  /**
   * Ends the load; returns when the outcome of everything sent is known.
   *
   * @throws IllegalStateException if sending has failed
   */
  void stop() throws InterruptedException {
    stopped = true;
    thread.interrupt();
    thread.join();
    producer.flush();
    Throwable cause = failure;
    if (cause != null) {
      throw new IllegalStateException("the load could not be sent", cause);
    }
  }

  @Override
  public void close() {
    stopped = true;
    thread.interrupt();
    producer.close(Duration.ZERO);
  }
}
