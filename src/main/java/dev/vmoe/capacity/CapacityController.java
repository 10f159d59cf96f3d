package dev.vmoe.capacity;

/**
 * Chooses the operating point of each batch: a sample in, a decision out.
 *
 * <p>Called once before every run, by one thread at a time. An implementation reads no clock: time
 * is in the sample.
 */
@FunctionalInterface
public interface CapacityController {

  /** Returns the decision for the batch that is about to run. */
  Decision decide(Sample sample);
}
