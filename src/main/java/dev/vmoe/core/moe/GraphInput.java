package dev.vmoe.core.moe;

/**
 * The inputs of a model's graph, by their names in the file. A dense model has {@link #IMAGES}
 * alone.
 *
 * <p>Axes: B images, H = W the model's image size.
 */
public enum GraphInput {
  /** (B, H, W, 3) uint8, RGB. */
  IMAGES("images"),
  /** (1) int64, C: slots an expert. */
  CAPACITY("capacity"),
  /** (1) int64, K: experts a token. */
  EXPERTS_PER_TOKEN("experts_per_token"),
  /** (1) bool: Batch Priority Routing, or vanilla order. */
  BATCH_PRIORITY("batch_priority"),
  /**
   * (B) float, from 0 to 1: the image's priority over the largest of the batch. A token's sort key
   * is its largest gate times this.
   */
  IMAGE_PRIORITY("image_priority");

  private final String label;

  GraphInput(String label) {
    this.label = label;
  }

  /** Returns the name in the file. */
  public String label() {
    return label;
  }
}
