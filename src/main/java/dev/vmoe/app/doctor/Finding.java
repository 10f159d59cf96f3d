package dev.vmoe.app.doctor;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/**
 * The result of checking one subject.
 *
 * @param subject what was checked
 * @param status the verdict
 * @param message what was found, in one sentence
 * @param advice what to do; empty if there is nothing to do
 */
public record Finding(String subject, Verdict status, String message, String advice) {

  /** Verdict on a subject, best first. */
  public enum Verdict {
    /** An instance can work with it. */
    OK,
    /** It could not be checked, because something else failed or is not allowed. */
    SKIPPED,
    /** An instance starts, but will have trouble with it. */
    WARNING,
    /** An instance does not start, or stops at its first images. */
    FAILED;

    /** Returns the name for output. */
    @JsonValue
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
