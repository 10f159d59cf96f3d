package dev.vmoe.dataset;

import dev.vmoe.event.ImageRequest;
import dev.vmoe.moe.ModelCard;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * An image file and the class it shows.
 *
 * @param name file name, or number within a set
 * @param encoded bytes of the file, not copied
 * @param label name of the class
 */
public record LabelledImage(String name, byte[] encoded, String label) {

  /**
   * Returns the index of the label among a model's classes.
   *
   * @throws IOException if the model does not have this class
   */
  public int classIn(ModelCard card) throws IOException {
    int index = card.classes().indexOf(label);
    if (index < 0) {
      throw new IOException(
          String.format(
              "%s has the label '%s', which is not one of the model's %d classes: %s",
              name, label, card.classes().size(), card.classes()));
    }
    return index;
  }

  /** Returns the image as a producer sends it. */
  public ImageRequest toRequest() {
    return ImageRequest.newBuilder().setImage(ByteBuffer.wrap(encoded)).setLabel(label).build();
  }
}
