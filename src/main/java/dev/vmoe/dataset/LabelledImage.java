package dev.vmoe.dataset;

import dev.vmoe.event.ImageRequest;
import java.nio.ByteBuffer;

/**
 * An image file and the class it shows.
 *
 * @param name file name, or number within a set
 * @param encoded bytes of the file, not copied
 * @param label name of the class
 */
public record LabelledImage(String name, byte[] encoded, String label) {

  /** Returns the image as a producer sends it. */
  public ImageRequest toRequest() {
    return ImageRequest.newBuilder().setImage(ByteBuffer.wrap(encoded)).setLabel(label).build();
  }
}
