package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;

/**
 * What a policy decides by: the batch about to run, the load, and what each point costs.
 *
 * @param sample the batch about to run
 * @param load backlog and arrival rate at that time
 * @param cost cost of every point, as learnt so far; a policy only reads it
 * @param fullBatch images of a full batch
 */
public record Situation(Sample sample, Load load, CostModel cost, int fullBatch) {

  /**
   * Returns the predicted time to answer all images that wait now: this batch, and those behind it
   * in full batches.
   *
   * @return seconds from now
   */
  public double delaySeconds(OperatingPoint point) {
    return cost.runSeconds(point, sample.batchImages())
        + imagesBehind() * cost.batchSeconds(point, fullBatch) / fullBatch;
  }

  /** Returns how many images wait behind the batch about to run, in the instance or outside. */
  public long imagesBehind() {
    return Math.max(0, load.backlogImages() - sample.batchImages());
  }

  /** Returns the throughput of a point with full batches, in images a second. */
  public double imagesPerSecond(OperatingPoint point) {
    return cost.imagesPerSecond(point, fullBatch);
  }

  /** Returns a decision for this point, with its predicted delay. */
  public Decision decision(OperatingPoint point, Routing routing, String reason) {
    return new Decision(point, routing, reason, Math.round(1e9 * delaySeconds(point)), null);
  }
}
