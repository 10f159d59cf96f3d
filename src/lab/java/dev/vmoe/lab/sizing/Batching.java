package dev.vmoe.lab.sizing;

/**
 * How an instance fills its batches.
 *
 * @param maxImages images of a full batch
 * @param lingerMs longest wait of the oldest image, in milliseconds
 */
public record Batching(int maxImages, int lingerMs) {

  /** Rejects batches that cannot be filled. */
  public Batching {
    if (maxImages < 1 || lingerMs < 0) {
      throw new IllegalArgumentException(
          "batches of " + maxImages + " images, " + lingerMs + " ms of linger");
    }
  }

  double lingerSeconds() {
    return lingerMs / 1e3;
  }
}
