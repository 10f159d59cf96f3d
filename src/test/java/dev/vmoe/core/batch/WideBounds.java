package dev.vmoe.core.batch;

import java.time.Duration;

/** Bounds that only limit threads. */
public final class WideBounds {

  private static final Duration NEVER = Duration.ofDays(365);

  private WideBounds() {}

  public static WorkBounds ofThreads(int decodeThreads) {
    return new WorkBounds(decodeThreads, () -> Long.MAX_VALUE, NEVER, NEVER);
  }
}
