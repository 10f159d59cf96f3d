package dev.vmoe.streams.settings;

/** How the operating point of each batch is chosen. */
public enum CapacityMode {
  /** It is set. */
  FIXED("fixed"),
  /** A controller chooses it by the load. */
  ADAPTIVE("adaptive");

  private final String label;

  CapacityMode(String label) {
    this.label = label;
  }

  /** Returns the name used in settings and records. */
  public String label() {
    return label;
  }

  /**
   * Returns the mode with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static CapacityMode ofLabel(String label) {
    for (CapacityMode mode : values()) {
      if (mode.label.equals(label)) {
        return mode;
      }
    }
    throw new IllegalArgumentException(
        "capacity mode '" + label + "' is neither fixed nor adaptive");
  }

  @Override
  public String toString() {
    return label;
  }
}
