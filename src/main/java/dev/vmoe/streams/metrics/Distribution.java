package dev.vmoe.streams.metrics;

/**
 * Observations of a histogram, counted in buckets.
 *
 * @param upperBounds upper bound of each bucket, ascending; the last is infinite
 * @param counts observations in each bucket, not cumulative
 * @param sum of all observed values
 */
@SuppressWarnings("ArrayRecordComponent")
public record Distribution(double[] upperBounds, long[] counts, double sum) {

  /** Returns the observations since an earlier reading of the same histogram. */
  public Distribution since(Distribution earlier) {
    long[] grown = new long[counts.length];
    for (int i = 0; i < grown.length; i++) {
      grown[i] = counts[i] - earlier.counts[i];
    }
    return new Distribution(upperBounds, grown, sum - earlier.sum);
  }

  /** Returns the number of observations. */
  public long count() {
    long count = 0;
    for (long each : counts) {
      count += each;
    }
    return count;
  }

  /** Returns the mean; not a number if there are no observations. */
  public double mean() {
    return sum / count();
  }

  /**
   * Returns the value below which this share of the observations lies, as Prometheus' {@code
   * histogram_quantile} does: linear within a bucket; in the last bucket, its lower bound.
   *
   * @param share 0 to 1
   * @return not a number if there are no observations
   */
  public double quantile(double share) {
    double rank = share * count();
    double lower = 0;
    long below = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0 && below + counts[i] >= rank) {
        return Double.isInfinite(upperBounds[i])
            ? lower
            : lower + (upperBounds[i] - lower) * (rank - below) / counts[i];
      }
      below += counts[i];
      lower = upperBounds[i];
    }
    return Double.NaN;
  }
}
