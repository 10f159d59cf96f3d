package dev.vmoe.core.inference;

/** The model file or the inference runtime is at fault: not an image. */
public final class InferenceException extends RuntimeException {

  /** Creates an exception that says what is wrong. */
  public InferenceException(String message) {
    super(message);
  }

  /** Creates an exception that says what was being done. */
  public InferenceException(String message, Throwable cause) {
    super(message, cause);
  }
}
