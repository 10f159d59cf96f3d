package dev.vmoe.capacity;

/**
 * Estimates the load from readings and from the instance's own images.
 *
 * <pre>
 * outside = backlog read − images in the instance          when a reading is new
 *         + arrivals read · dt − images that came in · dt   from then on
 * backlog = images in the instance + outside
 * λ       = images that came in over half a second, a second; while images wait outside, at least
 *           the reading's: no more come in than the instance takes
 * </pre>
 *
 * <p>A reading older than two seconds says nothing of arrivals any more: what is outside only
 * shrinks. Where nothing was ever read, backlog and arrivals are the instance's own.
 *
 * <p>Must be given every sample, in order.
 */
final class LoadEstimator {

  /** Time over which arrivals are averaged, in seconds. */
  private static final double MEMORY = Double.parseDouble(System.getProperty("l.mem", "0.5"));

  private static final double NANOS = 1e9;

  private double outside;
  private double readNanos = Double.NEGATIVE_INFINITY;
  private double count;
  private double seconds;

  /** Takes in what happened between two samples. */
  void follow(Sample before, Sample sample) {
    double passed = Math.max(0, sample.nowNanos() - before.nowNanos()) / NANOS;
    long more = sample.imagesInside() - before.imagesInside() + before.batchImages();
    long came = Math.max(0, more); // a partition that was given away takes its images along
    double kept = Math.exp(-passed / MEMORY);
    double weight = MEMORY * (1 - kept);
    count = count * kept + (passed > 0 ? came * weight / passed : came);
    seconds = seconds * kept + weight;
    double arrived = isCurrent(sample.load()) ? sample.load().arrivalsPerSecond() * passed : 0;
    outside = Math.max(0, outside + arrived - came);
  }

  /** Returns the load at the time of a sample, once what happened before it was taken in. */
  LoadEstimate estimate(Sample sample) {
    Load read = sample.load();
    double lambda = seconds == 0 ? 0 : count / seconds;
    if (read.ageNanos() != Long.MAX_VALUE) {
      double readAt = (double) sample.nowNanos() - read.ageNanos();
      if (readAt > readNanos) {
        readNanos = readAt;
        outside = Math.max(0, read.backlogImages() - sample.imagesInside());
      }
      if (outside > sample.batchImages() && isCurrent(read)) {
        lambda = Math.max(lambda, read.arrivalsPerSecond());
      }
    }
    return new LoadEstimate(sample.imagesInside() + Math.round(outside), lambda, lambda, read.ageNanos());
  }

  private static boolean isCurrent(Load read) {
    return read.ageNanos() <= LoadEstimate.STALE_NANOS;
  }
}
