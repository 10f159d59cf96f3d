package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Sample;

/**
 * Another controller that can be exchanged while the pipeline runs: policies then share one
 * pipeline, warm and with the same threads.
 */
public final class SwitchedCapacity implements CapacityController {

  private volatile CapacityController current;

  /** Creates a switch that stands at this controller. */
  public SwitchedCapacity(CapacityController first) {
    this.current = first;
  }

  /** Lets this controller choose from the next batch on. */
  public void use(CapacityController next) {
    current = next;
  }

  @Override
  public Decision decide(Sample sample) {
    return current.decide(sample);
  }

  @Override
  public long fastestRunNanos(int images) {
    return current.fastestRunNanos(images);
  }
}
