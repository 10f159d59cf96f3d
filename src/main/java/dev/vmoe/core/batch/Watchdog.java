package dev.vmoe.core.batch;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks the work under way, at a fixed pace, and reports each piece that takes longer than it may.
 *
 * <p>Time is counted in checks. A pause of the whole process (stopped, suspended, collecting
 * garbage) is one check, however long it was: no work went on meanwhile either.
 */
final class Watchdog implements AutoCloseable {

  private static final Duration PACE = Duration.ofMillis(100);

  /** Maximum time that one check counts: more than the pace, because a busy machine is late. */
  private static final Duration MAX_COUNTED = PACE.multipliedBy(3);

  private static final Logger log = LoggerFactory.getLogger(Watchdog.class);

  private final Set<WatchedWork> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  final class WatchedWork {

    private final long boundNanos;
    private final Runnable overdue;

    /** Time since it was first seen by a check; below 0 before. */
    private long ageNanos = -1;

    private WatchedWork(Duration bound, Runnable overdue) {
      this.boundNanos = bound.toNanos();
      this.overdue = overdue;
    }

    private boolean isOverdue(long passedNanos) {
      ageNanos = ageNanos < 0 ? 0 : ageNanos + passedNanos;
      return ageNanos > boundNanos;
    }

    /** Ends it: it is reported no more, except by a check at this moment. */
    void end() {
      underWay.remove(this);
    }
  }

  /** Checks at the fixed pace, until closed. */
  void run() {
    long lastNanos = System.nanoTime();
    while (!closed) {
      LockSupport.parkNanos(PACE.toNanos());
      long nowNanos = System.nanoTime();
      check(Duration.ofNanos(nowNanos - lastNanos));
      lastNanos = nowNanos;
    }
  }

  /**
   * Checks all that is under way.
   *
   * @param passed time since the check before
   */
  void check(Duration passed) {
    long countedNanos = Math.min(passed.toNanos(), MAX_COUNTED.toNanos());
    for (WatchedWork watched : underWay) {
      if (watched.isOverdue(countedNanos) && underWay.remove(watched)) {
        try {
          watched.overdue.run();
        } catch (RuntimeException | Error e) {
          log.error("what took too long could not be given up", e); // and others are still watched
        }
      }
    }
  }

  /**
   * Begins to watch a piece of work.
   *
   * @param overdue called once if it takes longer than the bound, on the watching thread
   */
  WatchedWork watch(Duration bound, Runnable overdue) {
    WatchedWork watched = new WatchedWork(bound, overdue);
    underWay.add(watched);
    return watched;
  }

  @Override
  public void close() {
    closed = true;
  }
}
