package dev.vmoe.core.batch;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the work under way, at a fixed pace, and tells of each piece that takes longer than it
 * may.
 *
 * <p>Time is counted in looks. A pause of the whole process (stopped, suspended, collecting
 * garbage) is one look, however long it was: no work went on meanwhile either.
 */
final class WorkWatch implements AutoCloseable {

  private static final Duration PACE = Duration.ofMillis(100);

  /** Time that one look counts at most: more than the pace, because a busy machine looks late. */
  private static final Duration LONGEST_LOOK = PACE.multipliedBy(3);

  private static final Logger log = LoggerFactory.getLogger(WorkWatch.class);

  private final Set<Piece> underWay = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** A piece of work under way. */
  final class Piece {

    private final long boundNanos;
    private final Runnable overdue;

    /** Time since it was seen first; below 0 before. Belongs to who looks. */
    private long ageNanos = -1;

    private Piece(Duration bound, Runnable overdue) {
      this.boundNanos = bound.toNanos();
      this.overdue = overdue;
    }

    private boolean isOverdue(long passedNanos) {
      ageNanos = ageNanos < 0 ? 0 : ageNanos + passedNanos;
      return ageNanos > boundNanos;
    }

    /** Ends it: nobody is told of it from now on, except by a look at this moment. */
    void end() {
      underWay.remove(this);
    }
  }

  /** Looks at a fixed pace, until closed. */
  void look() {
    long lastNanos = System.nanoTime();
    while (!closed) {
      LockSupport.parkNanos(PACE.toNanos());
      long nowNanos = System.nanoTime();
      look(Duration.ofNanos(nowNanos - lastNanos));
      lastNanos = nowNanos;
    }
  }

  /**
   * Looks at all that is under way.
   *
   * @param passed time since the look before
   */
  void look(Duration passed) {
    long countedNanos = Math.min(passed.toNanos(), LONGEST_LOOK.toNanos());
    for (Piece piece : underWay) {
      if (piece.isOverdue(countedNanos) && underWay.remove(piece)) {
        tell(piece);
      }
    }
  }

  private static void tell(Piece piece) {
    try {
      piece.overdue.run();
    } catch (RuntimeException | Error e) {
      log.error("what took too long could not be given up", e); // and others are still watched
    }
  }

  /**
   * Begins to watch a piece of work.
   *
   * @param bound maximum time that it may take
   * @param overdue called once if it takes longer, on the watching thread
   */
  Piece begin(Duration bound, Runnable overdue) {
    Piece piece = new Piece(bound, overdue);
    underWay.add(piece);
    return piece;
  }

  /** Stops to look. */
  @Override
  public void close() {
    closed = true;
  }
}
