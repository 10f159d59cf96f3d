package dev.vmoe.config;

import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.metrics.CapacityMetrics;
import dev.vmoe.output.OneLine;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.topics.PipelineException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
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
 * <p>A record that names another model waits until that is loaded, on another thread; what is in
 * force stays so meanwhile. A later record that names the model in force takes effect at once and
 * supersedes the one that waits; one that is refused does not.
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
  private final ConfigFollower follower;
  private final CapacityMetrics metrics;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService loader =
      Executors.newSingleThreadExecutor(task -> daemon(task, "vmoe-model"));

  /** Valid records that wait for their model, oldest first; the lock of every change. */
  private final Deque<ConfigEntry> waiting = new ArrayDeque<>();

  private volatile LiveSettings current;
  private volatile @Nullable ConfigEntry lastValid;
  private volatile @Nullable ConfigRefusal lastRefusal;

  /** Written behind the others, so that who reads it first has nothing older beside it. */
  private volatile @Nullable Long lastOffset;

  /** Offset of the last record that was read; guarded by {@link #waiting}. */
  private @Nullable Long lastRead;

  private @Nullable Following following;

  private record Following(ConfigLog records, Thread thread) {}

  /**
   * Creates a configuration; until {@link #start} the settings of the file are in force.
   *
   * @param topic opens the configuration topic
   * @param reader understands its records
   * @param file the settings of the file, complete
   * @param follower runs under each valid configuration, or refuses it
   * @param metrics recorder of what is in force and what is refused
   */
  public LiveConfiguration(
      Supplier<ConfigLog> topic,
      ConfigReader reader,
      LiveSettings file,
      ConfigFollower follower,
      CapacityMetrics metrics) {
    this.topic = topic;
    this.reader = reader;
    this.current = file;
    this.follower = follower;
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

  /** Returns the newest record that waits for its model, if one does. */
  public Optional<ConfigEntry> newestWaiting() {
    synchronized (waiting) {
      return Optional.ofNullable(waiting.peekLast());
    }
  }

  /**
   * Returns what a change that is asked for now is made to. A record that waits for its model has
   * not been seen, nor those behind it: nobody can tell yet whether it will be in force.
   */
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

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Takes the last valid record over, or the settings file where there is none, and follows the
   * topic from there. Only the model of what is taken over is loaded.
   *
   * @throws IllegalArgumentException if no record is valid, nor the settings file
   * @throws PipelineException if the topic cannot be read to its end in time
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public synchronized void start() {
    if (closed.getCount() == 0) {
      return;
    }
    ConfigLog records = topic.get();
    try {
      List<ConfigEntry> entries = new ArrayList<>();
      records.readToEnd(START_LIMIT, record -> entries.add(read(record)));
      takeLastValid(entries);
      if (!entries.isEmpty()) {
        lastOffset = entries.get(entries.size() - 1).offset();
      }
    } catch (RuntimeException e) {
      records.close();
      throw e;
    }
    LiveSettings now = current;
    log.info("configuration {} in force: {}", name(now), now.asSettings());
    ConfigRefusal refusal = lastRefusal;
    if (refusal != null) {
      log.warn("configuration {} is refused: {}", refusal.offset(), refusal.reason());
    }
    Thread thread = daemon(() -> follow(records), "vmoe-config");
    thread.start();
    following = new Following(records, thread);
  }

  private void takeLastValid(List<ConfigEntry> entries) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      ConfigEntry entry = entries.get(i);
      LiveSettings settings = entry.settings();
      String refusal = entry.refusal();
      if (settings != null) {
        try {
          inForce(entry, follower.prepare(settings).make());
          return;
        } catch (RuntimeException e) {
          refusal = reason(entry, e);
        }
      }
      if (lastRefusal == null) {
        lastRefusal = new ConfigRefusal(entry.offset(), String.valueOf(refusal));
      }
    }
    follower.prepare(current).make();
  }

  private void inForce(ConfigEntry entry, LiveSettings settings) {
    current = settings;
    lastValid = entry;
    record(settings);
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
        take(read(record));
        return;
      } catch (RegistryUnavailableException e) {
        log.warn("configuration {} waits for the registry: {}", record.offset(), e.getMessage());
        pause();
      }
    }
  }

  /** Puts a record in force or notes why not; at once, unless its model has to be loaded first. */
  private void take(ConfigEntry entry) {
    LiveSettings next = entry.settings();
    synchronized (waiting) {
      lastRead = entry.offset();
      if (next == null) {
        refuse(entry, String.valueOf(entry.refusal()));
        settle();
        return;
      }
      if (follower.isReadyFor(next)) {
        change(entry, () -> follower.prepare(next).make());
        settle();
        return;
      }
      waiting.addLast(entry);
      if (closed.getCount() > 0) {
        loader.execute(this::load);
      }
    }
    log.info(
        "configuration {} waits until model {} is loaded, {} stays in force meanwhile",
        entry.offset(),
        next.model(),
        name(current));
  }

  /** Loads for the records that wait, the newest first: if it is refused, the one before counts. */
  private void load() {
    while (closed.getCount() > 0) {
      ConfigEntry newest;
      synchronized (waiting) {
        newest = waiting.peekLast();
      }
      if (newest == null) {
        return;
      }
      load(newest, Objects.requireNonNull(newest.settings()));
    }
  }

  private void load(ConfigEntry entry, LiveSettings next) {
    ConfigFollower.Change change;
    try {
      change = follower.prepare(next);
    } catch (RuntimeException e) {
      synchronized (waiting) {
        waiting.remove(entry);
        refuse(entry, reason(entry, e));
        settle();
      }
      return;
    }
    synchronized (waiting) {
      if (closed.getCount() == 0 || !waiting.contains(entry)) {
        log.info(
            "configuration {} is not taken over: {} while its model was loaded",
            entry.offset(),
            closed.getCount() == 0 ? "the instance was stopped" : "it was superseded");
        change.drop();
        return;
      }
      if (!change(entry, change::make)) {
        change.drop();
      }
      settle();
    }
  }

  /** Takes note that all that was read is in force, refused or superseded, if it is. */
  private void settle() {
    if (waiting.isEmpty()) {
      lastOffset = lastRead;
    }
  }

  /** Makes a change; what waited before it is superseded. Returns whether it is made. */
  private boolean change(ConfigEntry entry, Supplier<LiveSettings> making) {
    LiveSettings before = current;
    LiveSettings next;
    try {
      next = making.get();
    } catch (RuntimeException e) {
      waiting.remove(entry);
      refuse(entry, reason(entry, e));
      return false;
    }
    inForce(entry, next);
    waiting.removeIf(earlier -> earlier.offset() <= entry.offset());
    log.info(
        "configuration {} in force after {}: {}; by {}, {}",
        name(next),
        name(before),
        next.changesSince(before),
        entry.author() == null ? "nobody named" : entry.author(),
        entry.note() == null ? "without a note" : entry.note());
    return true;
  }

  private void refuse(ConfigEntry entry, String reason) {
    lastRefusal = new ConfigRefusal(entry.offset(), reason);
    metrics.configurationRefused();
    log.warn(
        "configuration {} is refused, {} stays in force: {}",
        entry.offset(),
        name(current),
        reason);
  }

  /** Says why not on one line, whatever a runtime or a file system has to say. */
  private static String reason(ConfigEntry entry, RuntimeException e) {
    if (e instanceof IllegalArgumentException || e instanceof InferenceException) {
      return OneLine.of(String.valueOf(e.getMessage()));
    }
    log.error("configuration {} could not be put in force", entry.offset(), e);
    return OneLine.of(e.toString());
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

  /**
   * Stops following; what is in force stays so. Waits as long as it takes for a model that is being
   * loaded, unless it is interrupted, and gives it back: no native session may be opened while the
   * JVM ends.
   */
  @Override
  public void close() {
    synchronized (waiting) {
      closed.countDown();
      loader.shutdown();
    }
    Following following;
    synchronized (this) {
      following = this.following;
      this.following = null;
    }
    try {
      if (following != null) {
        following.records().wakeUp();
        following.thread().join(CLOSE_LIMIT.toMillis());
      }
      boolean unused = loader.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
