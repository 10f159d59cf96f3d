package dev.vmoe.event;

/** The schema registry cannot be reached or does not do its work: no fault of any record. */
public final class RegistryUnavailableException extends RuntimeException {

  /** Creates an exception that says what was asked of which registry, and for how long. */
  public RegistryUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
