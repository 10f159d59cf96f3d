package dev.vmoe.core.image;

import java.nio.ByteBuffer;

/** Decodes one encoded image into one slot of a batch buffer. Safe for use by many threads. */
@FunctionalInterface
public interface ImageDecoder {

  /**
   * Decodes, turns upright, resizes and writes raw RGB into {@code images} at {@code slot}.
   *
   * @param encoded bytes of an image file in any supported format
   * @param images (B, H, W, 3) uint8, a direct buffer
   * @param slot index of the image in the buffer, from 0
   * @throws BadImageException if the bytes are not an image that can be decoded; the slot's content
   *     is then undefined
   */
  void decode(byte[] encoded, ByteBuffer images, int slot) throws BadImageException;

  /**
   * Returns the bytes outside the heap that decoding this image takes at most, as its header claims
   * them; 0 where they do not matter. Nothing is allocated for it.
   *
   * @throws BadImageException if the bytes are not an image that can be decoded
   */
  default long decodeBytes(byte[] encoded) throws BadImageException {
    return 0;
  }
}
