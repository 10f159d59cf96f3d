package dev.vmoe.console;

/** Another configuration came first; nothing was written. */
public final class ConflictException extends RuntimeException {

  /** Creates an exception. */
  public ConflictException(String message, Throwable cause) {
    super(message, cause);
  }
}
