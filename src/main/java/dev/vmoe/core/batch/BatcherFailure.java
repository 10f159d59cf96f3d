package dev.vmoe.core.batch;

import dev.vmoe.core.inference.InferenceException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Why a batcher cannot go on, once and for good; not set while it can. */
final class BatcherFailure {

  private final CompletableFuture<InferenceException> reason = new CompletableFuture<>();

  /** Notes that the batcher cannot go on; the first reason counts. */
  void set(InferenceException why) {
    reason.complete(why);
  }

  CompletionStage<InferenceException> reason() {
    return reason;
  }

  boolean isSet() {
    return reason.isDone();
  }

  /** Throws if no batch will finish any more. */
  void throwIfSet() {
    if (isSet()) {
      InferenceException why = reason.join();
      throw new InferenceException("no batch can be run any more: " + why.getMessage(), why);
    }
  }
}
