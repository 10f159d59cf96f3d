package dev.vmoe.app.console;

import org.jspecify.annotations.Nullable;

/** Another configuration came into force first; nothing was written. */
public final class ConflictException extends RuntimeException {

  /** Creates an exception. */
  public ConflictException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
