package dev.vmoe.doctor;

import java.nio.file.NoSuchFileException;
import java.util.concurrent.ExecutionException;

/** A failure as a part of one line. */
final class Reason {

  private Reason() {}

  /** Returns what went wrong, and what that came from where it says more, without line breaks. */
  static String of(Throwable failure) {
    Throwable cause = failure;
    while (cause instanceof ExecutionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    String text = text(cause);
    Throwable deeper = cause.getCause();
    if (deeper != null && !text.contains(text(deeper))) {
      text += " (" + text(deeper) + ")";
    }
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static String text(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof NoSuchFileException) {
      return message + " does not exist";
    }
    return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
  }
}
