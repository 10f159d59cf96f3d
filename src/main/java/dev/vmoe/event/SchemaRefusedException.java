package dev.vmoe.event;

/** The schema registry refused a schema: it breaks those who read or write the topic. */
public final class SchemaRefusedException extends RuntimeException {

  /** Creates an exception that says which schema was refused and why. */
  public SchemaRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
