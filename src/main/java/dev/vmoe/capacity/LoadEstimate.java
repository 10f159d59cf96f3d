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
 * <p>A reading covers the arrivals of a second. While all that waits is in the instance, it knows
 * better by itself: see {@link #arrivalsNow} and {@link #arrivalsAtMost}.
 *
 * <p>Wants every sample, in order.
 */
final class LoadEstimate {

  /** Runs remembered; more than end between two readings. */
  private static final int MOST_RUNS = 1024;

  /** Over this time the instance's own arrivals are averaged where they stand for a reading. */
  private static final double LONG_SECONDS = 1;

  /** Over this time they are averaged to see a burst begin or end before it is read. */
  private static final double SHORT_SECONDS = 0.25;

  /** Over this time they are averaged as long as they do not change. */
  private static final double STEADY_SECONDS = 2;

  /** Standard deviations that the short mean has to be off for arrivals to have changed. */
  private static final double CHANGED = 4;

  /** Standard deviations that true arrivals may be above the count of them. */
  private static final double AT_MOST = 2;

  /** Over this time the arrivals of a reading are counted. */
  private static final double READ_SECONDS = 1;

  private static final double NANOS = 1e9;

  private record Run(long endNanos, int images) {}

  private final long staleNanos;
  private final Deque<Run> runs = new ArrayDeque<>();
  private @Nullable Sample previous;
  private final Rate lately = new Rate(LONG_SECONDS);
  private final Rate justNow = new Rate(SHORT_SECONDS);
  private final Rate steady = new Rate(STEADY_SECONDS);

  /** Images of the largest batch so far: as many may be on their way into the instance. */
  private int largestBatch;

  /** Whether the instance holds all that waits, but for what may be on its way. */
  private boolean allInside;

  LoadEstimate(Duration staleAfter) {
    this.staleNanos = staleAfter.toNanos();
  }

  /** Returns the load at the time of a sample; its age is that of the reading. */
  Load carriedTo(Sample sample) {
    if (previous != null) {
      follow(previous, sample);
    }
    previous = sample;
    largestBatch = Math.max(largestBatch, sample.batchImages());
    Load read = sample.load();
    long inside = inside(sample);
    if (read.ageNanos() == Long.MAX_VALUE) {
      allInside = false;
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
    allInside =
        justNow.hasSeen(SHORT_SECONDS)
            && read.ageNanos() <= staleNanos
            && backlog - inside <= largestBatch;
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
    steady.add(Math.max(0, came), passed);
    if (Math.abs(justNow.perSecond() - steady.perSecond()) > CHANGED * justNow.deviation(steady)) {
      steady.startFrom(justNow);
    }
  }

  /**
   * Returns the images a second that arrive at this moment: those that have just come into the
   * instance. No more come in than it takes, so while more wait outside it is the reading, if that
   * is larger.
   *
   * @param load what {@link #carriedTo} has just returned
   */
  double arrivalsNow(Load load) {
    return allInside
        ? justNow.perSecond()
        : Math.max(load.arrivalsPerSecond(), justNow.perSecond());
  }

  /**
   * Returns what arrivals are hardly above: their mean since they last changed, and two standard
   * deviations of a Poisson count over that time. The longer they are steady, the nearer is the one
   * to the other.
   *
   * @param load what {@link #carriedTo} has just returned
   */
  double arrivalsAtMost(Load load) {
    if (allInside) {
      return steady.perSecond() + AT_MOST * steady.deviation(steady);
    }
    double read = load.arrivalsPerSecond();
    return read + AT_MOST * Math.sqrt(read / READ_SECONDS);
  }

  private static long inside(Sample sample) {
    return (long) sample.batchImages() + sample.waitingImages();
  }

  /** A rate whose past fades with time. */
  private static final class Rate {

    private final double meanSeconds;
    private double count;
    private double seconds;
    private double squaredWeights;
    private double sinceFirst;

    Rate(double meanSeconds) {
      this.meanSeconds = meanSeconds;
    }

    /** Adds what came in an interval, spread over it evenly: a long one fades within itself. */
    void add(long more, double passed) {
      if (passed <= 0) {
        count += more;
        return;
      }
      double kept = Math.exp(-passed / meanSeconds);
      double weight = meanSeconds * (1 - kept);
      count = count * kept + more * weight / passed;
      seconds = seconds * kept + weight;
      squaredWeights = squaredWeights * kept * kept + meanSeconds / 2 * (1 - kept * kept);
      sinceFirst += passed;
    }

    boolean hasSeen(double time) {
      return sinceFirst >= time;
    }

    /** Forgets what is older than what another rate remembers. */
    void startFrom(Rate other) {
      count = other.count;
      seconds = other.seconds;
      squaredWeights = other.squaredWeights;
    }

    /** Returns the standard deviation of this rate where true arrivals are a Poisson process. */
    double deviation(Rate truth) {
      return seconds == 0 ? 0 : Math.sqrt(truth.perSecond() * squaredWeights) / seconds;
    }

    double perSecond() {
      return seconds == 0 ? 0 : count / seconds;
    }
  }
}
