package dev.vmoe.streams.config;

import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.metrics.CapacityMetrics;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.topics.PipelineException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
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
 * Follows the configuration topic with a thread of its own, and puts its last valid record in force
 * with the {@link ConfigFollower}, which holds the settings. Until there is one, the settings file
 * is in force.
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
  private final LiveSettings file;
  private final ConfigFollower follower;
  private final CapacityMetrics metrics;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService loader =
      Executors.newSingleThreadExecutor(task -> DaemonThread.of(task, "vmoe-model"));

  /** Valid records that wait for their model, oldest first; the lock of every change. */
  private final Deque<ConfigEntry> waiting = new ArrayDeque<>();

  private volatile Settled settled = new Settled(null, null, null);

  /**
   * The records that were decided on, replaced whole.
   *
   * @param lastOffset up to which each record is in force, refused or superseded; null for none
   * @param inForce the record in force; null for the settings file
   * @param lastRefused the last record that was refused since the instance started
   */
  private record Settled(
      @Nullable Long lastOffset,
      @Nullable ConfigEntry inForce,
      @Nullable ConfigEntry lastRefused) {}

  /** Offset of the last record that was read; guarded by {@link #waiting}. */
  private @Nullable Long lastRead;

  private @Nullable Following following;

  private record Following(ConfigLog records, Thread thread) {}

  /**
   * Creates a configuration that is in force from {@link #start} on.
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
    this.file = file;
    this.follower = follower;
    this.metrics = metrics;
    record(file);
  }

  /** Returns the settings in force; only after {@link #start}. */
  public LiveSettings current() {
    return follower.current();
  }

  /** Returns the record in force; empty if the settings file is. */
  public Optional<ConfigEntry> inForce() {
    return Optional.ofNullable(settled.inForce());
  }

  /** Returns the record that was refused last since the instance started, if one was. */
  public Optional<ConfigEntry> lastRefused() {
    return Optional.ofNullable(settled.lastRefused());
  }

  /** Returns the newest record that waits for its model, if one does. */
  public Optional<ConfigEntry> newestWaiting() {
    synchronized (waiting) {
      return Optional.ofNullable(waiting.peekLast());
    }
  }

  /**
   * Returns what a change is made to now. It leaves out a record that waits for its model, and
   * those behind it: whether that one will be in force is not known yet.
   */
  public ConfigWriter.Seen seen() {
    Settled now = settled;
    return ConfigWriter.Seen.of(now.lastOffset(), now.inForce());
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
      ConfigHistory history = records.history(START_LIMIT, reader).tried(this::putInForce);
      if (history.inForce().isEmpty()) {
        follower.prepare(file).make();
      }
      settled =
          new Settled(
              history.newest().map(ConfigEntry::offset).orElse(null),
              history.inForce().orElse(null),
              history.newestRefused().orElse(null));
    } catch (RuntimeException e) {
      records.close();
      throw e;
    }
    LiveSettings now = current();
    record(now);
    log.info("configuration {} in force: {}", name(now), now.asSettings());
    lastRefused()
        .ifPresent(it -> log.warn("configuration {} is refused: {}", it.offset(), it.refusal()));
    Thread thread = DaemonThread.start(() -> follow(records), "vmoe-config");
    following = new Following(records, thread);
  }

  private LiveSettings putInForce(ConfigEntry entry) {
    follower.prepare(entry.requireSettings()).make();
    return current();
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
              name(current()),
              e.toString());
          pause();
        }
      }
    }
  }

  private void follow(ConsumerRecord<byte[], byte[]> record) {
    while (closed.getCount() > 0) {
      try {
        take(reader.read(record));
        return;
      } catch (RegistryUnavailableException e) {
        log.warn("configuration {} waits for the registry: {}", record.offset(), e.getMessage());
        pause();
      }
    }
  }

  /** Puts a record in force or refuses it; at once, unless its model has to be loaded first. */
  private void take(ConfigEntry entry) {
    synchronized (waiting) {
      lastRead = entry.offset();
      if (entry.isRefused()) {
        refuse(entry);
        return;
      }
      if (follower.isReadyFor(entry.requireSettings())) {
        change(entry, () -> follower.prepare(entry.requireSettings()));
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
        entry.requireSettings().modelsText(),
        name(current()));
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
      load(newest);
    }
  }

  private void load(ConfigEntry entry) {
    ConfigFollower.Prepared prepared;
    try {
      prepared = follower.prepare(entry.requireSettings());
    } catch (RuntimeException e) {
      refuse(entry.refused(e));
      return;
    }
    synchronized (waiting) {
      if (closed.getCount() == 0 || !waiting.contains(entry)) {
        log.info(
            "configuration {} is not taken over: {} while its model was loaded",
            entry.offset(),
            closed.getCount() == 0 ? "the instance was stopped" : "it was superseded");
        prepared.drop();
      } else if (!change(entry, () -> prepared)) {
        prepared.drop();
      }
    }
  }

  /** Makes a change; what waited before it is superseded. Returns whether it is made. */
  private boolean change(ConfigEntry entry, Supplier<ConfigFollower.Prepared> prepared) {
    LiveSettings before = current();
    try {
      prepared.get().make();
    } catch (RuntimeException e) {
      refuse(entry.refused(e));
      return false;
    }
    LiveSettings next = current();
    record(next);
    waiting.removeIf(earlier -> earlier.offset() <= entry.offset());
    settle(entry, settled.lastRefused());
    log.info(
        "configuration {} in force after {}: {}; by {}, {}",
        name(next),
        name(before),
        next.changesSince(before),
        entry.author() == null ? "an unknown author" : entry.author(),
        entry.note() == null ? "without a note" : entry.note());
    return true;
  }

  private void refuse(ConfigEntry refused) {
    synchronized (waiting) {
      waiting.removeIf(it -> it.offset() == refused.offset());
      settle(settled.inForce(), refused);
    }
    metrics.configurationRefused();
    log.warn(
        "configuration {} is refused, {} stays in force: {}",
        refused.offset(),
        name(current()),
        refused.refusal());
  }

  /** Publishes what was decided; called under the lock of {@link #waiting}. */
  private void settle(@Nullable ConfigEntry inForce, @Nullable ConfigEntry lastRefused) {
    Long last = waiting.isEmpty() ? lastRead : settled.lastOffset();
    settled = new Settled(last, inForce, lastRefused);
  }

  private void record(LiveSettings settings) {
    metrics.configured(
        settings.version() == null ? -1 : settings.version(),
        settings.capacity().targetLatency().toNanos());
  }

  private void pause() {
    try {
      // close() ends the pause; the loops check for it.
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
