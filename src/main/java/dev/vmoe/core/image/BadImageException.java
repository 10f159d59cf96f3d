package dev.vmoe.core.image;

/** An image that cannot be answered; the message tells its sender why. */
public final class BadImageException extends Exception {

  /** Creates an exception with a reason a person understands. */
  public BadImageException(String reason) {
    super(reason);
  }
}
