package dev.vmoe.doctor;

import java.util.Locale;

/**
 * What one look at something said.
 *
 * @param subject what was looked at
 * @param status how it is
 * @param message what was seen, as one sentence
 * @param advice what to do; empty where there is nothing to do
 */
public record Finding(String subject, Status status, String message, String advice) {

  /** How something is, best first. */
  public enum Status {
    /** An instance can work with it. */
    OK,
    /** It could not be looked at, because of something else that failed or may not be seen. */
    SKIPPED,
    /** An instance starts, and will have trouble with it. */
    WARNING,
    /** An instance would not start, or stop at its first images. */
    FAILED;

    /** Returns the name that people and programs read. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
