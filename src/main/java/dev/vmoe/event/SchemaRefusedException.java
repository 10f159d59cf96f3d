package dev.vmoe.event;

/** The schema registry refused a schema: readers or writers of the topic could not use it. */
public final class SchemaRefusedException extends RuntimeException {

  /** Creates an exception; the message says which schema was refused and why. */
  public SchemaRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
