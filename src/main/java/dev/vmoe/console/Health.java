package dev.vmoe.console;

import java.util.List;

/**
 * Whether an instance works, and whether it does its work now.
 *
 * @param failures why it will not work again without a restart; empty while it is live
 * @param waitingFor what it lacks to answer images; empty if nothing
 */
public record Health(List<String> failures, List<String> waitingFor) {

  /** An instance that answers images. */
  public static final Health READY = new Health(List.of(), List.of());

  /** Copies the lists. */
  public Health {
    failures = List.copyOf(failures);
    waitingFor = List.copyOf(waitingFor);
  }

  /** Returns the health of an instance that is live and lacks something. */
  public static Health waitingFor(String what) {
    return new Health(List.of(), List.of(what));
  }

  /** Returns the health of an instance that has to be restarted. */
  public static Health failed(String why) {
    return new Health(List.of(why), List.of());
  }

  /** Returns whether a restart would not help. */
  public boolean live() {
    return failures.isEmpty();
  }

  /** Returns whether images are answered. */
  public boolean ready() {
    return live() && waitingFor.isEmpty();
  }
}
