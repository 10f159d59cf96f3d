package dev.vmoe.streams;

import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.metrics.CapacityMetrics;
import dev.vmoe.settings.LiveSettings;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings in force: those of the file until the configuration topic has been read, then what
 * its last valid record says, followed by a thread of its own.
 *
 * <p>A record that is refused leaves everything as it is. So does a broker or a registry that
 * cannot be reached: both are tried again for as long as it takes.
 */
public final class LiveConfiguration implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofSeconds(20);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PAUSE = Duration.ofSeconds(1);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(LiveConfiguration.class);

  private final Supplier<ConfigLog> topic;
  private final ConfigReader reader;
  private final Consumer<LiveSettings> receiver;
  private final CapacityMetrics metrics;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile LiveSettings current;
  private volatile @Nullable ConfigEntry lastValid;
  private volatile @Nullable ConfigRefusal lastRefusal;

  /** Written behind the others, so that who reads it first has nothing older beside it. */
  private volatile @Nullable Long lastOffset;

  private @Nullable Following following;

  private record Following(ConfigLog records, Thread thread) {}

  /**
   * Creates a configuration; until {@link #start} the settings of the file are in force.
   *
   * @param topic opens the configuration topic
   * @param reader understands its records
   * @param file the settings of the file, complete
   * @param receiver takes each valid configuration before it is in force; an exception refuses it
   * @param metrics recorder of what is in force and what is refused
   */
  LiveConfiguration(
      Supplier<ConfigLog> topic,
      ConfigReader reader,
      LiveSettings file,
      Consumer<LiveSettings> receiver,
      CapacityMetrics metrics) {
    this.topic = topic;
    this.reader = reader;
    this.current = file;
    this.receiver = receiver;
    this.metrics = metrics;
    record(file);
  }

  /** Returns the settings in force. */
  public LiveSettings current() {
    return current;
  }

  /** Returns the last valid record, whose settings are in force; empty if there is none. */
  public Optional<ConfigEntry> lastValid() {
    return Optional.ofNullable(lastValid);
  }

  /** Returns the record that was refused last since the instance started, if one was. */
  public Optional<ConfigRefusal> lastRefusal() {
    return Optional.ofNullable(lastRefusal);
  }

  /** Returns what a change that is asked for now is made to. */
  public ConfigWriter.Seen seen() {
    Long offset = lastOffset;
    ConfigEntry valid = lastValid;
    return valid == null
        ? new ConfigWriter.Seen(offset, null, Map.of())
        : new ConfigWriter.Seen(offset, settings(valid).version(), valid.overrides());
  }

  private static LiveSettings settings(ConfigEntry valid) {
    return Objects.requireNonNull(valid.settings(), "a valid record has settings");
  }

  /**
   * Takes the last valid record over and follows the topic from there.
   *
   * @throws PipelineException if the topic cannot be read to its end in time
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  synchronized void start() {
    if (closed.getCount() == 0) {
      return;
    }
    ConfigLog records = topic.get();
    try {
      records.readToEnd(START_LIMIT, this::take);
    } catch (RuntimeException e) {
      records.close();
      throw e;
    }
    LiveSettings now = current;
    log.info("configuration {} in force: {}", name(now), now.asSettings());
    ConfigRefusal refusal = lastRefusal;
    if (refusal != null && (now.version() == null || refusal.offset() > now.version())) {
      log.warn("configuration {} is refused: {}", refusal.offset(), refusal.reason());
    }
    Thread thread = new Thread(() -> follow(records), "vmoe-config");
    thread.setDaemon(true);
    thread.start();
    following = new Following(records, thread);
  }

  private void follow(ConfigLog records) {
    try (records) {
      while (closed.getCount() > 0) {
        try {
          for (ConsumerRecord<byte[], byte[]> record : records.poll(POLL)) {
            follow(record);
          }
        } catch (WakeupException e) {
          return;
        } catch (RuntimeException e) {
          log.warn(
              "the configuration topic cannot be read, configuration {} stays in force; trying"
                  + " again: {}",
              name(current),
              e.toString());
          pause();
        }
      }
    }
  }

  private void follow(ConsumerRecord<byte[], byte[]> record) {
    while (closed.getCount() > 0) {
      try {
        LiveSettings before = current;
        ConfigEntry entry = take(record);
        ConfigRefusal refusal = lastRefusal;
        if (refusal != null && refusal.offset() == record.offset()) {
          metrics.configurationRefused();
          log.warn(
              "configuration {} is refused, {} stays in force: {}",
              refusal.offset(),
              name(before),
              refusal.reason());
        } else {
          log.info(
              "configuration {} in force after {}: {}; by {}, {}",
              name(current),
              name(before),
              current.changesSince(before),
              entry.author() == null ? "nobody named" : entry.author(),
              entry.note() == null ? "without a note" : entry.note());
        }
        return;
      } catch (RegistryUnavailableException e) {
        log.warn("configuration {} waits for the registry: {}", record.offset(), e.getMessage());
        pause();
      }
    }
  }

  /** Puts a record in force or notes why not. */
  private ConfigEntry take(ConsumerRecord<byte[], byte[]> record) {
    ConfigEntry entry = read(record);
    String refusal = entry.refusal();
    LiveSettings next = entry.settings();
    if (next != null) {
      try {
        receiver.accept(next);
        current = next;
        lastValid = entry;
        record(next);
      } catch (IllegalArgumentException e) {
        refusal = String.valueOf(e.getMessage());
      } catch (RuntimeException e) {
        log.error("configuration {} could not be put in force", record.offset(), e);
        refusal = e.toString();
      }
    }
    if (refusal != null) {
      lastRefusal = new ConfigRefusal(record.offset(), refusal);
    }
    lastOffset = record.offset();
    return entry;
  }

  /** A defect of the reader must not stop what comes after the record. */
  private ConfigEntry read(ConsumerRecord<byte[], byte[]> record) {
    try {
      return reader.read(record);
    } catch (RegistryUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("configuration {} could not be read", record.offset(), e);
      return new ConfigEntry(
          record.offset(), record.timestamp(), Map.of(), null, null, null, e.toString());
    }
  }

  private void record(LiveSettings settings) {
    metrics.configured(
        settings.version() == null ? -1 : settings.version(),
        settings.capacity().targetLatency().toNanos());
  }

  private void pause() {
    try {
      // Whoever closes ends the pause; the loops look for that themselves.
      boolean unused = closed.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed.countDown();
    }
  }

  private static String name(LiveSettings settings) {
    return settings.version() == null ? "of the settings file" : settings.version().toString();
  }

  /** Stops following; what is in force stays so. */
  @Override
  public void close() {
    closed.countDown();
    Following following;
    synchronized (this) {
      following = this.following;
      this.following = null;
    }
    if (following == null) {
      return;
    }
    following.records().wakeUp();
    try {
      following.thread().join(CLOSE_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
