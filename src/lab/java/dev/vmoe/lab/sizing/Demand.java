package dev.vmoe.lab.sizing;

/**
 * What the instances have to do.
 *
 * @param imagesPerSecond mean rate
 * @param latencySeconds time within which 99 % of the images are to be answered
 * @param burst peak rate over the mean rate, at least 1
 * @param giveUp accuracy that may be lost at the mean rate, as a share: 0.005 is half a point
 * @param imageBytes mean bytes of an encoded image
 * @param commitSeconds time between two commits
 */
public record Demand(
    double imagesPerSecond,
    double latencySeconds,
    double burst,
    double giveUp,
    long imageBytes,
    double commitSeconds) {

  /** Maximum rate that is planned. */
  private static final double MAX_RATE = 1e7;

  /** Rejects a demand that means nothing. */
  public Demand {
    if (!(imagesPerSecond > 0 && imagesPerSecond <= MAX_RATE)) {
      throw new IllegalArgumentException(
          "a rate of "
              + imagesPerSecond
              + " images a second is not within 0 and "
              + (long) MAX_RATE);
    }
    if (!(latencySeconds > 0 && latencySeconds <= 3600)) {
      throw new IllegalArgumentException(
          "a latency of " + 1e3 * latencySeconds + " ms is not within 0 and an hour");
    }
    if (!(burst >= 1 && burst <= 1000)) {
      throw new IllegalArgumentException(
          "a burst of " + burst + ": the peak over the mean rate, from 1 to 1000, is expected");
    }
    if (!(giveUp >= 0 && giveUp <= 1)) {
      throw new IllegalArgumentException(
          "accuracy to give up of " + 100 * giveUp + " points is not within 0 and 100");
    }
    if (imageBytes < 1) {
      throw new IllegalArgumentException("images of " + imageBytes + " bytes");
    }
    if (!(commitSeconds > 0)) {
      throw new IllegalArgumentException("commits every " + 1e3 * commitSeconds + " ms");
    }
  }
}
