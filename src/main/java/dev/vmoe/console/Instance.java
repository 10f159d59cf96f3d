package dev.vmoe.console;

import java.util.Optional;

/** What the console shows; asked at each request, from any thread. */
public interface Instance {

  /** Returns how it is. */
  Health health();

  /** Returns its topology as text; empty before the pipeline is built. */
  Optional<String> topology();
}
