package dev.vmoe.event;

import dev.vmoe.streams.settings.DaemonThread;
import java.time.Duration;
import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongSupplier;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The schemas that records were written with, for threads that must not wait: a thread of its own
 * asks the registry, and goes on asking one that is away.
 *
 * <p>What becomes of an id that is not known:
 *
 * <ol>
 *   <li>Until the registry has answered, there is no schema and no refusal.
 *   <li>"No such schema" counts only from a registry that still has our schemas: one that lost them
 *       says so of every id. It counts for some seconds; the schema may be registered since.
 *   <li>Any other answer (no connection, 401, 403, a proxy's page) is none.
 *   <li>Without an answer for the maximum wait, the id is refused, until there is an answer.
 * </ol>
 */
public final class WriterSchemas implements SchemaSource, AutoCloseable {

  /** An id that was refused is asked for again after this. */
  static final Duration REFUSED_FOR = Duration.ofSeconds(10);

  /** Maximum ids that are asked for or refused; older ones are forgotten. */
  static final int MAX_IDS = 1000;

  /** Attempts before the silence of the registry counts for an id. */
  private static final int FEW = 3;

  private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(1);
  private static final Duration WARN_EVERY = Duration.ofSeconds(30);

  private static final Logger log = LoggerFactory.getLogger(WriterSchemas.class);

  private final Registry registry;
  private final Duration maxWait;
  private final LongSupplier nanoClock;

  /** Ids to ask the registry for. */
  private final BlockingQueue<Integer> queue = new LinkedBlockingQueue<>();

  /** Ids that were asked for, oldest first; guarded by this. */
  private final Map<Integer, Asked> asked = new LinkedHashMap<>();

  /** Since when the registry does not answer; guarded by this. */
  private @Nullable Long silentSinceNanos;

  private long warnedNanos;
  private boolean closed;
  private @Nullable Thread thread;

  /** What the registry is asked; one attempt each. */
  interface Registry {
    /** Returns a schema that is known without asking. */
    Optional<Schema> known(int id);

    /**
     * Asks for a schema, which is known from then on.
     *
     * @throws BadRecordException if the registry says that there is none, or none to be used
     * @throws RegistryUnavailableException if it does not answer
     */
    Schema ask(int id) throws BadRecordException;

    /** Asks whether the registry still has our schemas. */
    boolean remembers();
  }

  /** What is known of an id: nothing, why there is no answer, or a refusal. */
  private static final class Asked {
    final long sinceNanos;
    @Nullable Throwable failure;
    int failures;
    @Nullable BadRecordException refusal;
    long refusedNanos;

    Asked(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  /**
   * Knows nothing yet.
   *
   * @param registry stays the caller's to close
   * @param maxWait how long an id may go without an answer before it is refused
   */
  public WriterSchemas(RegistryClient registry, Duration maxWait) {
    this(registry, maxWait, System::nanoTime);
  }

  /** Takes another clock, of monotonic nanoseconds. */
  WriterSchemas(Registry registry, Duration maxWait, LongSupplier nanoClock) {
    this.registry = registry;
    this.maxWait = maxWait;
    this.nanoClock = nanoClock;
  }

  /**
   * Returns the schema with this id; empty while the registry has not said. Never waits.
   *
   * @throws BadRecordException if the registry has no such schema, or did not say for too long
   */
  @Override
  public Optional<Schema> schema(int id) throws BadRecordException {
    Optional<Schema> known = registry.known(id);
    return known.isPresent() ? known : unknown(id);
  }

  private synchronized Optional<Schema> unknown(int id) throws BadRecordException {
    long now = nanoClock.getAsLong();
    Asked state = asked.get(id);
    BadRecordException refusal = state == null ? null : state.refusal;
    if (state == null || (refusal != null && now - state.refusedNanos >= REFUSED_FOR.toNanos())) {
      ask(id, now);
      return Optional.empty();
    }
    if (refusal != null) {
      throw refusal;
    }
    if (waitedNanos(state, now) < maxWait.toNanos()) {
      return Optional.empty();
    }
    Throwable failure = state.failure;
    throw new BadRecordException.SchemaNotFound(
        "the schema with id %d was not found within %d ms (schema.registry.wait.ms): %s"
            .formatted(
                id,
                maxWait.toMillis(),
                failure == null ? "the registry does not answer" : failure.getMessage()),
        null);
  }

  /**
   * In a long outage, ids that come late do not each wait anew. But one id that the registry never
   * gives is no outage: so each is asked for a few times.
   */
  private long waitedNanos(Asked state, long now) {
    Long silent = silentSinceNanos;
    return silent == null || state.failures < FEW
        ? now - state.sinceNanos
        : now - Math.min(silent, state.sinceNanos);
  }

  private void ask(int id, long now) {
    asked.remove(id);
    asked.put(id, new Asked(now));
    Iterator<Integer> oldest = asked.keySet().iterator();
    while (asked.size() > MAX_IDS) {
      oldest.next();
      oldest.remove();
    }
    queue(id);
    if (thread == null && !closed) {
      thread = DaemonThread.start(this::askInTurn, "vmoe-schemas");
    }
  }

  private void queue(int id) {
    if (!queue.contains(id)) {
      queue.add(id);
    }
  }

  private void askInTurn() {
    Duration pause = FIRST_PAUSE;
    try {
      while (true) {
        int id = queue.take();
        if (forgotten(id)) {
          continue;
        }
        if (answers(id)) {
          pause = FIRST_PAUSE;
        } else {
          Thread.sleep(pause.toMillis());
          pause = Collections.min(List.of(pause.multipliedBy(2), MAX_PAUSE));
        }
      }
    } catch (InterruptedException e) {
      log.debug("the lookup of schemas stops");
    }
  }

  private synchronized boolean forgotten(int id) {
    return !asked.containsKey(id);
  }

  /** Asks once; returns whether there is an answer. */
  private boolean answers(int id) {
    try {
      answered(id, refusal(id));
      return true;
    } catch (RuntimeException | Error e) { // a schema may be too large, or too deep, to read
      failed(id, e);
      return false;
    }
  }

  private @Nullable BadRecordException refusal(int id) {
    try {
      Schema unused = registry.ask(id);
      return null;
    } catch (BadRecordException e) {
      if (e instanceof BadRecordException.UnknownSchema && !registry.remembers()) {
        throw new RegistryUnavailableException(
            e.reason()
                + ", nor the schemas of this instance: it has lost its schemas. Restore them"
                + " with the same ids",
            e);
      }
      return e;
    }
  }

  private synchronized void answered(int id, @Nullable BadRecordException refusal) {
    long now = nanoClock.getAsLong();
    Long silent = silentSinceNanos;
    if (silent != null) {
      log.info("the schema registry answers again, after {} ms", (now - silent) / 1_000_000);
      silentSinceNanos = null;
    }
    Asked state = asked.get(id);
    if (refusal == null || state == null) {
      asked.remove(id);
    } else {
      state.refusal = refusal;
      state.refusedNanos = now;
    }
  }

  private synchronized void failed(int id, Throwable failure) {
    long now = nanoClock.getAsLong();
    Asked state = asked.get(id);
    if (state != null) {
      state.failure = failure;
      state.failures++;
      queue(id);
    }
    boolean first = silentSinceNanos == null;
    if (first) {
      silentSinceNanos = now;
    }
    if (first || now - warnedNanos >= WARN_EVERY.toNanos()) {
      warnedNanos = now;
      log.warn(
          "images of schema id {} wait, and those behind them in their partitions, at most {} ms"
              + " (schema.registry.wait.ms); all others go on: {}",
          id,
          maxWait.toMillis(),
          failure.getMessage());
    }
  }

  /** Stops asking. */
  @Override
  public synchronized void close() {
    closed = true;
    if (thread != null) {
      thread.interrupt();
      thread = null;
    }
  }
}
