package dev.vmoe.core.batch;

import dev.vmoe.core.inference.InferenceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Whether a batcher can go on, and if not, why. It breaks down once and for good. */
final class Breakdown {

  private final CompletableFuture<InferenceException> reason = new CompletableFuture<>();

  /** Notes that the batcher cannot go on; the first reason counts. */
  void because(InferenceException why) {
    reason.complete(why);
  }

  CompletionStage<InferenceException> reason() {
    return reason;
  }

  boolean happened() {
    return reason.isDone();
  }

  /** Throws if no batch will finish any more. */
  void requireNone() {
    if (happened()) {
      InferenceException why = reason.join();
      throw new InferenceException("no batch can be run any more: " + why.getMessage(), why);
    }
  }
}
