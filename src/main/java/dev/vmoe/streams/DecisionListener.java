package dev.vmoe.streams;

import dev.vmoe.capacity.Decision;
import dev.vmoe.capacity.Sample;

/** Hears of every decision, on the thread that runs the batch: it should not keep it waiting. */
@FunctionalInterface
public interface DecisionListener {

  /** A batch is about to run at this operating point; the sample has the load. */
  void decided(Sample sample, Decision decision);

  /** Returns a listener that does nothing. */
  static DecisionListener none() {
    return (sample, decision) -> {};
  }
}
