package dev.vmoe.app.console;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/**
 * Whether an instance is live (needs no restart) and ready (answers images).
 *
 * @param failures why it needs a restart; empty while it is live
 * @param waitingFor what it waits for before it answers images; empty if nothing
 */
public record Health(List<String> failures, List<String> waitingFor) {

  /** An instance that answers images. */
  public static final Health READY = new Health(List.of(), List.of());

  /** Copies the lists. */
  public Health {
    failures = List.copyOf(failures);
    waitingFor = List.copyOf(waitingFor);
  }

  /** Returns the health of a live instance that waits for something. */
  public static Health waitingFor(String what) {
    return new Health(List.of(), List.of(what));
  }

  /** Returns the health of an instance that needs a restart. */
  public static Health failed(String why) {
    return new Health(List.of(why), List.of());
  }

  /** Returns whether it needs no restart. */
  @JsonProperty
  public boolean live() {
    return failures.isEmpty();
  }

  /** Returns whether it answers images. */
  @JsonProperty
  public boolean ready() {
    return live() && waitingFor.isEmpty();
  }
}
