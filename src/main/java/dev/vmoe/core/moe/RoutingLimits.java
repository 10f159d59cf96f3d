package dev.vmoe.core.moe;

/** How large a group the graph can route: its sort keys are 64-bit integers with these parts. */
public final class RoutingLimits {

  /** The largest priority key of a token: 30 bits, so that key and position fit one integer. */
  public static final long MAX_PRIORITY_KEY = 1L << 30;

  /** Maximum tokens of a group, N: 21 bits for a position. */
  public static final int MAX_TOKENS = 1 << 21;

  /** Maximum pairs of an expert and the rank of a choice, E·K. */
  public static final int MAX_EXPERT_CHOICES = 2047;

  private RoutingLimits() {}
}
