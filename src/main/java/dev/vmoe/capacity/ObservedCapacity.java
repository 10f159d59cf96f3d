package dev.vmoe.capacity;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A controller with a cost model and a delay tracker beside it, which follow every sample whatever
 * the controller decides by.
 */
public final class ObservedCapacity implements CapacityController {

  private final CapacityController controller;
  private final CostModel cost;
  private final DelayTracker delays;
  private final LoadEstimate estimate;
  private @Nullable Sample previous;

  /**
   * Wraps a controller.
   *
   * @param controller decides
   * @param cost learns from every run
   * @param delays compares predicted delays with actual ones
   * @param staleAfter age at which a reading of the load says nothing of now
   */
  public ObservedCapacity(
      CapacityController controller, CostModel cost, DelayTracker delays, Duration staleAfter) {
    this.controller = controller;
    this.cost = cost;
    this.delays = delays;
    this.estimate = new LoadEstimate(staleAfter);
  }

  @Override
  public Decision decide(Sample sample) {
    cost.observe(sample);
    if (previous != null) {
      RunTime run = sample.lastRun();
      long ran = run == null ? 0 : run.nanos();
      delays.answered(
          Math.min(sample.nowNanos(), previous.nowNanos() + ran), previous.batchImages());
      long openedNanos = sample.nowNanos() - sample.oldestAgeNanos();
      if (previous.waitingImages() == 0 && openedNanos > previous.nowNanos() + ran) {
        delays.nothingWaits();
      }
    }
    previous = sample;
    Decision decision = controller.decide(sample);
    long backlog = estimate.carriedTo(sample).backlogImages();
    if (decision.predictedDelayNanos() > 0) {
      delays.predicted(sample.nowNanos(), backlog, decision.predictedDelayNanos());
    }
    return decision;
  }
}
