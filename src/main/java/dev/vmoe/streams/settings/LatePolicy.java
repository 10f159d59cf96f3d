package dev.vmoe.streams.settings;

import java.util.Locale;

/** What becomes of an image that can no longer be answered within the target latency. */
public enum LatePolicy {
  /** It is answered late. */
  ANSWER,
  /** It is not computed, and becomes a dead letter. */
  EXPIRE;

  /** Returns the name used in settings and records. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns what has this {@link #label()}. */
  static LatePolicy ofLabel(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }

  @Override
  public String toString() {
    return label();
  }
}
