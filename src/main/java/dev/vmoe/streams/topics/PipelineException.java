package dev.vmoe.streams.topics;

import org.jspecify.annotations.Nullable;

/** The pipeline cannot start or go on; the message says what to do. */
public final class PipelineException extends RuntimeException {

  /** Creates an exception whose message says what is wrong and what to do. */
  public PipelineException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
