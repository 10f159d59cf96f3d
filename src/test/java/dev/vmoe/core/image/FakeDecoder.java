package dev.vmoe.core.image;

import java.nio.ByteBuffer;

/**
 * A decoder of "images" of one byte, their grey value; anything else is no image.
 *
 * @param slotBytes bytes of one slot
 */
public record FakeDecoder(int slotBytes) implements ImageDecoder {

  /** Returns the image of this grey value. */
  public static byte[] grey(int value) {
    return new byte[] {(byte) value};
  }

  @Override
  public void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException {
    if (encoded.length != 1) {
      throw new BadImageException(encoded.length + " bytes are not an image");
    }
    for (int i = 0; i < slotBytes; i++) {
      images.put(slot * slotBytes + i, encoded[0]);
    }
  }
}
