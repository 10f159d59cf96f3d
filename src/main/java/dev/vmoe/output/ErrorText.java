package dev.vmoe.output;

import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.common.errors.SslAuthenticationException;

/** A failure in one line. */
public final class ErrorText {

  private static final String TRUST =
      ". The brokers' certificates must be signed by an authority in streams.ssl.truststore.location"
          + " and have the names in bootstrap.servers";

  private ErrorText() {}

  /** Returns what went wrong, without line breaks. */
  public static String of(Throwable failure) {
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
    return text.strip().replaceAll("\\s*\\R\\s*", " ") + (untrusted(cause) ? TRUST : "");
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
