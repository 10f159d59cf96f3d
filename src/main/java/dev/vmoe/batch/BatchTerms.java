package dev.vmoe.batch;

/**
 * What a batch is opened under and keeps until it has run; model and limits change together.
 *
 * @param model the model that it is decoded for and run with
 * @param limits when it is closed
 */
public record BatchTerms(ServedModel model, BatchLimits limits) {

  /** Returns the bytes of a buffer for the largest batch. */
  int bufferBytes() {
    return Math.multiplyExact(model.slotBytes(), limits.maxImages());
  }
}
