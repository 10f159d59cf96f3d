package dev.vmoe.streams.output;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.SslAuthenticationException;

/** A failure in one line. */
public final class ErrorText {

  private static final String TRUST =
      ". The brokers' certificates must be signed by an authority in"
          + " streams.ssl.truststore.location and contain the names in bootstrap.servers";

  private ErrorText() {}

  /** Returns what went wrong, without line breaks. */
  public static String of(Throwable failure) {
    Throwable cause = unwrapped(failure);
    return oneLine(text(cause)) + (untrusted(cause) ? TRUST : "");
  }

  /** Returns what went wrong and, in brackets, its cause where that says more. */
  public static String withCause(Throwable failure) {
    Throwable outer = unwrapped(failure);
    String text = text(outer);
    Throwable cause = outer.getCause();
    return oneLine(
        cause == null || text.contains(text(cause)) ? text : text + " (" + text(cause) + ")");
  }

  private static Throwable unwrapped(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause != null && isWrapper(failure) ? unwrapped(cause) : failure;
  }

  private static String text(Throwable failure) {
    String message = failure.getMessage();
    if (failure instanceof NoSuchFileException) {
      return message + " does not exist";
    }
    if (failure instanceof AccessDeniedException) {
      return message + " may not be read or written";
    }
    return message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
  }

  private static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  private static boolean untrusted(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SslAuthenticationException) {
        return true;
      }
    }
    return false;
  }

  private static boolean isWrapper(Throwable failure) {
    return failure instanceof ExecutionException
        || failure instanceof CompletionException
        || (failure instanceof UncheckedIOException
            && String.valueOf(failure.getCause()).equals(failure.getMessage()));
  }
}
