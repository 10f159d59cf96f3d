package dev.vmoe.core.capacity;

/**
 * Estimates the load from readings and from the instance's own images.
 *
 * <pre>
 * backlog = images in the instance + images outside
 * outside = backlog read − images in the instance            when a reading is new,
 *           + arrivals read · time − images that came in     from then on
 * λ       = images that came in over half a second, a second
 * </pre>
 *
 * <ul>
 *   <li><b>Images wait outside.</b> No more come in than the instance takes, so λ is at least the
 *       reading's.
 *   <li><b>The reading is missing, or older than two seconds.</b> It assumes that one image waits
 *       outside for each that came in since the instance last held less than a full batch; at most
 *       two seconds of arrivals.
 * </ul>
 *
 * <p>Must be given every sample, in order.
 */
final class LoadEstimator {

  /** Time over which the instance's own arrivals are averaged, in seconds. */
  private static final double MEMORY = 0.5;

  /** The images outside without a reading are at most those of so many seconds. */
  private static final double BLIND_SECONDS = 2;

  private static final double NANOS = 1e9;

  private double outside;
  private long readNanos = Long.MIN_VALUE;
  private double count;
  private double seconds;

  /** Takes in what happened between two samples. */
  void follow(Sample before, Sample sample, int fullBatch) {
    double passed = Math.max(0, sample.nowNanos() - before.nowNanos()) / NANOS;
    long more = sample.imagesHere() - before.imagesHere() + before.batchImages();
    // a partition that was given away takes its images along
    long came = Math.max(0, more + sample.expiredImages());
    double kept = Math.exp(-passed / MEMORY);
    double weight = MEMORY * (1 - kept);
    count = count * kept + (passed > 0 ? came * weight / passed : came);
    seconds = seconds * kept + weight;
    if (sample.load().isCurrent()) {
      outside = Math.max(0, outside + sample.load().arrivalsPerSecond() * passed - came);
    } else {
      double most = BLIND_SECONDS * perSecond();
      outside = sample.waitingImages() < fullBatch ? 0 : Math.min(most, outside + came);
    }
  }

  /** Returns the load at the time of a sample, once what happened before it was taken in. */
  Load estimate(Sample sample) {
    Load read = sample.load();
    double arrivals = perSecond();
    if (read.isCurrent() && sample.nowNanos() - read.ageNanos() > readNanos) {
      readNanos = sample.nowNanos() - read.ageNanos();
      outside = Math.max(0, read.backlogImages() - sample.imagesInside());
    }
    if (read.isCurrent() && outside > sample.batchImages()) {
      arrivals = Math.max(arrivals, read.arrivalsPerSecond());
    }
    return new Load(sample.imagesInside() + Math.round(outside), arrivals, read.ageNanos());
  }

  /** What came in before half a second was seen counts as what came in half a second. */
  private double perSecond() {
    return count / Math.max(seconds, MEMORY * (1 - Math.exp(-1)));
  }
}
