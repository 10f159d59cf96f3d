package dev.vmoe.streams.settings;

/** What becomes of an image that can no longer be answered within the target latency. */
public enum LatePolicy {
  /** It is answered late. */
  ANSWER("answer"),
  /** It is not computed, and becomes a dead letter. */
  EXPIRE("expire");

  private final String label;

  LatePolicy(String label) {
    this.label = label;
  }

  /** Returns the name used in settings and records. */
  public String label() {
    return label;
  }

  /**
   * Returns the policy with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static LatePolicy ofLabel(String label) {
    for (LatePolicy policy : values()) {
      if (policy.label.equals(label)) {
        return policy;
      }
    }
    throw new IllegalArgumentException("late policy '" + label + "' is neither answer nor expire");
  }

  @Override
  public String toString() {
    return label;
  }
}
