package dev.vmoe.inference;

/** The inference runtime failed: not the fault of an image. */
public final class InferenceException extends RuntimeException {

  /** Creates an exception that says what was being done. */
  public InferenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
