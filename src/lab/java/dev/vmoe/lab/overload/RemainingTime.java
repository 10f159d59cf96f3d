package dev.vmoe.lab.overload;

import java.util.List;
import java.util.Locale;

/** Knows how long the remaining traces take at least. */
public final class RemainingTime {

  private final List<ArrivalTrace> traces;
  private final int policies;
  private int shown;

  /**
   * Knows the time of traces of which none has been shown.
   *
   * @param policies to how many policies each trace is shown
   */
  public RemainingTime(List<ArrivalTrace> traces, int policies) {
    this.traces = traces;
    this.policies = policies;
  }

  /** Returns what is shown next and how long it takes with all that follow. */
  public String next(String what) {
    int total = traces.size() * policies;
    double seconds = 0;
    for (int i = shown; i < total; i++) {
      seconds += traces.get(i / policies).lastSeconds();
    }
    shown++;
    long left = Math.round(seconds);
    return String.format(
        Locale.ROOT,
        "%s (%d of %d, at least %d:%02d left)",
        what,
        shown,
        total,
        left / 60,
        left % 60);
  }
}
