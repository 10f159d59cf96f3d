package dev.vmoe.core.image;

/** An image that cannot be answered; the message tells its sender why. */
public final class BadImageException extends Exception {

  public BadImageException(String reason) {
    super(reason);
  }
}
