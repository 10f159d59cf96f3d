package dev.vmoe.streams.settings;

import java.util.Locale;

/** How the operating point of each batch is chosen. */
public enum CapacityMode {
  /** It is set. */
  FIXED,
  /** A controller chooses it by the load. */
  ADAPTIVE;

  /** Returns the name used in settings and records. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns what has this {@link #label()}. */
  static CapacityMode ofLabel(String label) {
    return valueOf(label.toUpperCase(Locale.ROOT));
  }

  @Override
  public String toString() {
    return label();
  }
}
