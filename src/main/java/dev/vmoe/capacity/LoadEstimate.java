package dev.vmoe.capacity;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * The load as it is now: the last reading, carried forward by what has arrived and been answered
 * since.
 *
 * <pre>
 * backlog now = max(images in the instance, backlog read + arrivals · age − answered since)
 * </pre>
 *
 * <p>A stale reading is carried no further than to the age at which it became stale: arrivals of
 * then say nothing of now, and an error in them would add up. Where nothing was ever read, both
 * numbers are of the instance alone: the images in it, and those that come into it.
 *
 * <p>Wants every sample, in order.
 */
final class LoadEstimate {

  /** Runs remembered; more than end between two readings. */
  private static final int MOST_RUNS = 1024;

  /** Over this time the instance's own arrivals are averaged where they stand for a reading. */
  private static final double LONG_SECONDS = 1;

  /** Over this time they are averaged to see a burst before it is read. */
  private static final double SHORT_SECONDS = 0.25;

  private static final double NANOS = 1e9;

  private record Run(long endNanos, int images) {}

  private final long staleNanos;
  private final Deque<Run> runs = new ArrayDeque<>();
  private @Nullable Sample previous;
  private final Rate lately = new Rate(LONG_SECONDS);
  private final Rate justNow = new Rate(SHORT_SECONDS);

  LoadEstimate(Duration staleAfter) {
    this.staleNanos = staleAfter.toNanos();
  }

  /** Returns the load at the time of a sample; its age is that of the reading. */
  Load carriedTo(Sample sample) {
    if (previous != null) {
      follow(previous, sample);
    }
    previous = sample;
    Load read = sample.load();
    long inside = inside(sample);
    if (read.ageNanos() == Long.MAX_VALUE) {
      return new Load(inside, lately.perSecond(), Long.MAX_VALUE);
    }
    long readNanos = sample.nowNanos() - read.ageNanos();
    long carriedNanos = Math.min(read.ageNanos(), staleNanos);
    while (!runs.isEmpty() && runs.getFirst().endNanos() - readNanos <= 0) {
      runs.removeFirst();
    }
    double backlog = read.backlogImages() + read.arrivalsPerSecond() * carriedNanos / NANOS;
    for (Run run : runs) {
      if (run.endNanos() - readNanos > carriedNanos) {
        break;
      }
      backlog -= run.images();
    }
    return new Load(
        Math.max(inside, Math.round(backlog)), read.arrivalsPerSecond(), read.ageNanos());
  }

  private void follow(Sample before, Sample sample) {
    RunTime run = sample.lastRun();
    long endNanos =
        run == null
            ? sample.nowNanos()
            : Math.min(sample.nowNanos(), before.nowNanos() + run.nanos());
    runs.addLast(new Run(endNanos, before.batchImages()));
    if (runs.size() > MOST_RUNS) {
      runs.removeFirst();
    }
    double passed = (sample.nowNanos() - before.nowNanos()) / NANOS;
    long came = inside(sample) - inside(before) + before.batchImages();
    lately.add(Math.max(0, came), passed); // a partition given away takes images along
    justNow.add(Math.max(0, came), passed);
  }

  /**
   * Returns how many images a second have just come into the instance. No more come in than it
   * takes: while more wait outside, this is its own throughput.
   */
  double ownArrivalsPerSecond() {
    return justNow.perSecond();
  }

  private static long inside(Sample sample) {
    return (long) sample.batchImages() + sample.waitingImages();
  }

  /** A rate whose past fades with time. */
  private static final class Rate {

    private final double meanSeconds;
    private double count;
    private double seconds;

    Rate(double meanSeconds) {
      this.meanSeconds = meanSeconds;
    }

    void add(long more, double passed) {
      double kept = Math.exp(-passed / meanSeconds);
      count = count * kept + more;
      seconds = seconds * kept + passed;
    }

    double perSecond() {
      return seconds == 0 ? 0 : count / seconds;
    }
  }
}
