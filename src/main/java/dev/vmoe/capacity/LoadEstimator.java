package dev.vmoe.capacity;

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
 *   <li><b>The reading is missing, or older than two seconds.</b> As many images are taken to wait
 *       outside as came in since less than a full batch waited inside.
 * </ul>
 *
 * <p>Must be given every sample, in order.
 */
final class LoadEstimator {

  /** Time over which the instance's own arrivals are averaged, in seconds. */
  private static final double MEMORY = 0.5;

  private static final double NANOS = 1e9;

  private double outside;
  private double readNanos = Double.NEGATIVE_INFINITY;
  private double count;
  private double seconds;

  /** Takes in what happened between two samples. */
  void follow(Sample before, Sample sample, int fullBatch) {
    double passed = Math.max(0, sample.nowNanos() - before.nowNanos()) / NANOS;
    long more = sample.imagesInside() - before.imagesInside() + before.batchImages();
    long came = Math.max(0, more); // a partition that was given away takes its images along
    double kept = Math.exp(-passed / MEMORY);
    double weight = MEMORY * (1 - kept);
    count = count * kept + (passed > 0 ? came * weight / passed : came);
    seconds = seconds * kept + weight;
    if (sample.load().isCurrent()) {
      outside = Math.max(0, outside + sample.load().arrivalsPerSecond() * passed - came);
    } else {
      outside = sample.waitingImages() < fullBatch ? 0 : outside + came;
    }
  }

  /** Returns the load at the time of a sample, once what happened before it was taken in. */
  Load estimate(Sample sample) {
    Load read = sample.load();
    double arrivals = seconds == 0 ? 0 : count / seconds;
    double readAt = (double) sample.nowNanos() - read.ageNanos();
    if (read.isCurrent() && readAt > readNanos) {
      readNanos = readAt;
      outside = Math.max(0, read.backlogImages() - sample.imagesInside());
    }
    if (read.isCurrent() && outside > sample.batchImages()) {
      arrivals = Math.max(arrivals, read.arrivalsPerSecond());
    }
    return new Load(sample.imagesInside() + Math.round(outside), arrivals, read.ageNanos());
  }
}
