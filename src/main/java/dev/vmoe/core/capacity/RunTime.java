package dev.vmoe.core.capacity;

/**
 * How long one run of the model took.
 *
 * @param point operating point it ran at
 * @param images images of the batch
 * @param nanos time of the run, in nanoseconds
 */
public record RunTime(OperatingPoint point, int images, long nanos) {

  public RunTime {
    if (images < 1 || nanos < 0) {
      throw new IllegalArgumentException(nanos + " ns for a run of " + images + " images");
    }
  }
}
