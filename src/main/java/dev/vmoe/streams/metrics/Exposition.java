package dev.vmoe.streams.metrics;

import org.jspecify.annotations.Nullable;

/** A text format of scrapes. */
public enum Exposition {
  /** Prometheus' own format, which every scraper reads. */
  PROMETHEUS("text/plain; version=0.0.4; charset=utf-8"),
  /** OpenMetrics 1.0. */
  OPEN_METRICS("application/openmetrics-text; version=1.0.0; charset=utf-8");

  private final String contentType;

  Exposition(String contentType) {
    this.contentType = contentType;
  }

  /** Returns the format that a request's {@code Accept} header asks for. */
  public static Exposition accepted(@Nullable String accept) {
    return accept != null && accept.contains("application/openmetrics-text")
        ? OPEN_METRICS
        : PROMETHEUS;
  }

  /** Returns the value of the answer's {@code Content-Type} header. */
  public String contentType() {
    return contentType;
  }
}
