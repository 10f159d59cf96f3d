package dev.vmoe.lab.patches;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * A micro-batch some of whose images are watched; the others are their company, since what an image
 * loses depends on what it competes with.
 *
 * <p>Watched images are spread evenly over the batch: in vanilla order the place decides, and at
 * the front nothing would be lost, at the end everything.
 *
 * <p>Axes: B images, S image size.
 *
 * @param images (B, S, S, 3) uint8, a direct buffer
 * @param numImages B
 * @param watched the watched images, in the order of their places
 */
public record WatchedBatch(ByteBuffer images, int numImages, List<Watched> watched) {

  /**
   * A watched image.
   *
   * @param image the image
   * @param place its place in the batch, from 0
   */
  public record Watched(SeenImage image, int place) {}

  /** Copies the list. */
  public WatchedBatch {
    watched = List.copyOf(watched);
  }

  /**
   * Makes a batch.
   *
   * @param watched images to watch, at least one
   * @param company images that fill the batch; may be empty
   */
  public static WatchedBatch of(List<SeenImage> watched, List<SeenImage> company) {
    int numImages = watched.size() + company.size();
    int imageBytes = watched.get(0).pixels().length;
    ByteBuffer images = ByteBuffer.allocateDirect(Math.multiplyExact(numImages, imageBytes));
    List<Watched> placed = new ArrayList<>();
    int others = 0;
    for (int place = 0; place < numImages; place++) {
      int next = placed.size();
      if (next < watched.size() && place == place(next, watched.size(), numImages)) {
        placed.add(new Watched(watched.get(next), place));
        images.put(watched.get(next).pixels());
      } else {
        images.put(company.get(others++).pixels());
      }
    }
    return new WatchedBatch(images.flip(), numImages, placed);
  }

  /** Returns the middle of the i-th of {@code count} equal parts of the batch. */
  private static int place(int i, int count, int numImages) {
    return (2 * i + 1) * numImages / (2 * count);
  }
}
