package dev.vmoe.core.batch;

/** Why a micro-batch was closed. */
public enum FlushReason {
  /** It held the largest number of images. */
  SIZE("size"),
  /** Its oldest image had waited long enough. */
  LINGER("linger"),
  /** Its encoded images together reached the largest number of bytes. */
  BYTES("bytes");

  private final String label;

  FlushReason(String label) {
    this.label = label;
  }

  public String label() {
    return label;
  }
}
