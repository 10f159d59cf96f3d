package dev.vmoe.fetch;

/** Why an image does not come from its address; another attempt would end the same. */
public final class FetchException extends Exception {

  private final boolean refused;

  private FetchException(String reason, boolean refused) {
    super(reason, null, false, false);
    this.refused = refused;
  }

  /** Returns the end of what may not be fetched: the address, or where it leads, is not allowed. */
  static FetchException refused(String reason) {
    return new FetchException(reason, true);
  }

  /** Returns the end of what may be fetched and did not come. */
  static FetchException failed(String reason) {
    return new FetchException(reason, false);
  }

  /** Returns whether the address, or where it leads, is not allowed. */
  public boolean isRefused() {
    return refused;
  }
}
