package dev.vmoe.event;

import org.jspecify.annotations.Nullable;

/**
 * The schema registry cannot be reached, does not work or has lost its schemas; no record is at
 * fault.
 */
public class RegistryUnavailableException extends RuntimeException {

  /** Creates an exception; the message says what was asked of which registry, and for how long. */
  public RegistryUnavailableException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** The registry answers, and has none of the schemas that it had. */
  public static final class SchemasLost extends RegistryUnavailableException {

    /** Creates an exception; the message says what to do. */
    public SchemasLost(String message) {
      super(message, null);
    }
  }
}
