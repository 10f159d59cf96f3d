package dev.vmoe.lab.bench;

import java.util.Locale;

/**
 * What can be switched on beside a pipeline to watch it, each against a pipeline without. {@link
 * ObservedPipeline} does it: by settings, and by a client that reads while images are answered.
 */
public enum Observation {
  /** Nothing: what two pipelines differ by that do not differ. */
  CONTROL,
  /** The console is up and its metrics are scraped once a second. */
  METRICS,
  /** The console is up and somebody looks at the live page, newest images included. */
  PAGE,
  /** Every image has a trace, and all of them are exported. */
  TRACING;

  /** Returns the name in options and results. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
