package dev.vmoe.capacity;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Estimates the load from readings and from the instance's own images.
 *
 * <pre>
 * backlog = max(images in the instance, backlog read + arrivals · age − answered since)
 * λ       = images that came into the instance over a quarter of a second, a second
 * λ⁺      = m + 2·√(m/t)      m: mean rate since it last changed, t: the time it was counted over
 * </pre>
 *
 * <ul>
 *   <li><b>All images are inside the instance.</b> λ and λ⁺ are of its own arrivals: a burst shows
 *       there before it is read, and a steady rate is known better the longer it lasts.
 *   <li><b>Images wait outside.</b> No more come in than the instance takes. So λ is the larger of
 *       the reading and the instance's own arrivals; λ⁺ is of the reading, which counts a second.
 *   <li><b>The reading is stale.</b> It is carried forward only to the age at which it became
 *       stale: its arrival rate no longer holds, and the error would add up.
 *   <li><b>Nothing was ever read.</b> Backlog and arrivals are the instance's own.
 * </ul>
 *
 * <p>Must be given every sample, in order.
 */
final class LoadEstimator {

  /** Maximum number of runs remembered; fewer end between two readings. */
  private static final int MAX_RUNS = 1024;

  /** The instance's own arrivals are averaged over this time where they stand for a reading. */
  private static final double LONG_SECONDS = 1;

  /** Over this time, to see a burst begin or end before it is read. */
  private static final double SHORT_SECONDS = 0.25;

  /** Over this time, as long as they do not change. */
  private static final double STEADY_SECONDS = 2;

  /** Arrivals have changed if the short mean is off by so many standard deviations. */
  private static final double CHANGE_DEVIATIONS = 4;

  /** Standard deviations between the mean and its upper confidence bound. */
  private static final double BOUND_DEVIATIONS = 2;

  /** Over this time the arrivals of a reading are counted. */
  private static final double READING_SECONDS = 1;

  private static final double NANOS = 1e9;

  private record AnsweredBatch(long endNanos, int images) {}

  private final Deque<AnsweredBatch> answered = new ArrayDeque<>();
  private final FadingRate lately = new FadingRate(LONG_SECONDS);
  private final FadingRate justNow = new FadingRate(SHORT_SECONDS);
  private final FadingRate steady = new FadingRate(STEADY_SECONDS);

  /** Images of the largest batch so far: as many may be on their way into the instance. */
  private int largestBatch;

  /** Takes in what happened between two samples. */
  void follow(Sample before, Sample sample) {
    answered.addLast(new AnsweredBatch(sample.answeredNanos(before), before.batchImages()));
    if (answered.size() > MAX_RUNS) {
      answered.removeFirst();
    }
    double passed = (sample.nowNanos() - before.nowNanos()) / NANOS;
    long more = sample.imagesInside() - before.imagesInside() + before.batchImages();
    long came = Math.max(0, more); // a partition that was given away takes its images along
    lately.add(came, passed);
    justNow.add(came, passed);
    steady.add(came, passed);
    double change = Math.abs(justNow.perSecond() - steady.perSecond());
    if (change > CHANGE_DEVIATIONS * justNow.deviation(steady)) {
      steady.startFrom(justNow);
    }
  }

  /** Returns the load at the time of a sample, once what happened before it was taken in. */
  LoadEstimate estimate(Sample sample) {
    largestBatch = Math.max(largestBatch, sample.batchImages());
    Load read = sample.load();
    long inside = sample.imagesInside();
    if (read.ageNanos() == Long.MAX_VALUE) {
      return outside(inside, lately.perSecond(), Long.MAX_VALUE);
    }
    double carried = carried(sample);
    long backlog = Math.max(inside, Math.round(carried));
    boolean allInside =
        justNow.hasSeen(SHORT_SECONDS)
            && read.ageNanos() <= LoadEstimate.STALE_NANOS
            && carried - inside <= largestBatch;
    if (!allInside) {
      return outside(backlog, read.arrivalsPerSecond(), read.ageNanos());
    }
    double upper = steady.perSecond() + BOUND_DEVIATIONS * steady.deviation(steady);
    return new LoadEstimate(backlog, justNow.perSecond(), upper, read.ageNanos());
  }

  private LoadEstimate outside(long backlog, double read, long ageNanos) {
    double upper = read + BOUND_DEVIATIONS * Math.sqrt(read / READING_SECONDS);
    return new LoadEstimate(backlog, Math.max(read, justNow.perSecond()), upper, ageNanos);
  }

  /** The backlog read, with arrivals since then and without what was answered since then. */
  private double carried(Sample sample) {
    Load read = sample.load();
    long readNanos = sample.nowNanos() - read.ageNanos();
    long carriedNanos = Math.min(read.ageNanos(), LoadEstimate.STALE_NANOS);
    while (!answered.isEmpty() && answered.getFirst().endNanos() - readNanos <= 0) {
      answered.removeFirst();
    }
    double backlog = read.backlogImages() + read.arrivalsPerSecond() * carriedNanos / NANOS;
    for (AnsweredBatch batch : answered) {
      if (batch.endNanos() - readNanos > carriedNanos) {
        break;
      }
      backlog -= batch.images();
    }
    return backlog;
  }

  /** A rate whose past fades with time. */
  private static final class FadingRate {

    private final double meanSeconds;
    private double count;
    private double seconds;
    private double squaredWeights;
    private double sinceFirst;

    FadingRate(double meanSeconds) {
      this.meanSeconds = meanSeconds;
    }

    /** Adds what came in an interval, spread over it evenly: within a long one it fades, too. */
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
    void startFrom(FadingRate other) {
      count = other.count;
      seconds = other.seconds;
      squaredWeights = other.squaredWeights;
    }

    /** Returns the standard deviation of this rate where true arrivals are a Poisson process. */
    double deviation(FadingRate truth) {
      return seconds == 0 ? 0 : Math.sqrt(truth.perSecond() * squaredWeights) / seconds;
    }

    double perSecond() {
      return seconds == 0 ? 0 : count / seconds;
    }
  }
}
