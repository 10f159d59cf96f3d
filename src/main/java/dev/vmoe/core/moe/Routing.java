package dev.vmoe.core.moe;

/**
 * The order in which token choices claim slots of an expert's buffer.
 *
 * @see <a href="https://arxiv.org/abs/2106.05974">Scaling Vision with Sparse Mixture of Experts,
 *     sections 2.3 and 4</a>
 */
public enum Routing {
  /** Batch Priority Routing: the token with the larger top gate claims first. */
  BATCH_PRIORITY("bpr"),
  /** The token that comes first in the batch claims first. */
  VANILLA("vanilla");

  private final String label;

  Routing(String label) {
    this.label = label;
  }

  /** Returns the name used in settings, events and on the command line. */
  public String label() {
    return label;
  }

  /**
   * Returns the routing with this {@link #label()}.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Routing ofLabel(String label) {
    for (Routing routing : values()) {
      if (routing.label.equals(label)) {
        return routing;
      }
    }
    throw new IllegalArgumentException("routing '" + label + "' is neither bpr nor vanilla");
  }

  @Override
  public String toString() {
    return label;
  }
}
