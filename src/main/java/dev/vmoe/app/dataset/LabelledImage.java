package dev.vmoe.app.dataset;

import dev.vmoe.event.ImageRequest;
import java.nio.ByteBuffer;

/**
 * An image file and the class it shows.
 *
 * @param name file name, or number within a set
 * @param encoded bytes of the file, not copied
 * @param label name of the class
 * @param split part of the set, such as held-out; empty where the set has no parts
 */
public record LabelledImage(String name, byte[] encoded, String label, String split) {

  /** Creates an image of a set without splits. */
  public LabelledImage(String name, byte[] encoded, String label) {
    this(name, encoded, label, "");
  }

  /** Returns the image as a producer sends it. */
  public ImageRequest toRequest() {
    return ImageRequest.newBuilder().setImage(ByteBuffer.wrap(encoded)).setLabel(label).build();
  }
}
