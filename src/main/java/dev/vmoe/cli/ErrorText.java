package dev.vmoe.cli;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** A failure in one line. */
final class ErrorText {

  private ErrorText() {}

  /** Returns what went wrong, without line breaks. */
  static String of(Throwable failure) {
    Throwable cause = failure;
    while (isWrapper(cause)) {
      Throwable inner = cause.getCause();
      if (inner == null) {
        break;
      }
      cause = inner;
    }
    String message = cause.getMessage();
    String text;
    if (cause instanceof NoSuchFileException) {
      text = message + " does not exist";
    } else if (cause instanceof AccessDeniedException) {
      text = message + " may not be read or written";
    } else {
      text = message == null || message.isBlank() ? cause.getClass().getSimpleName() : message;
    }
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static boolean isWrapper(Throwable failure) {
    return failure instanceof ExecutionException
        || failure instanceof CompletionException
        || (failure instanceof UncheckedIOException
            && String.valueOf(failure.getCause()).equals(failure.getMessage()));
  }
}
