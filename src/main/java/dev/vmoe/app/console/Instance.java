package dev.vmoe.app.console;

import java.util.Optional;

/** The instance that the console shows. Its methods are called for each request, on any thread. */
public interface Instance {

  /** Returns its health. */
  Health health();

  /** Returns its topology as text; empty before the pipeline is built. */
  Optional<String> topology();

  /** Returns its pipeline for the live page; empty before that is built. */
  default Optional<PipelineView> view() {
    return Optional.empty();
  }
}
