package dev.vmoe.core.image;

/**
 * Maximum size of an encoded image, checked before anything is allocated for it.
 *
 * @param maxBytes encoded bytes
 * @param maxPixels height times width, as the image's header claims them
 * @param maxPixelsPerByte pixels for each encoded byte of an image of more than {@link
 *     #MAX_OF_ANY_FILE} pixels: a photograph has a few, a decompression bomb hundreds
 */
public record DecoderLimits(int maxBytes, long maxPixels, int maxPixelsPerByte) {

  /** Pixels that a file of any size may have; blank pages and screens are that large. */
  static final long MAX_OF_ANY_FILE = 16_000_000;

  /** Pixels whose RGB bytes still fit one Java buffer. */
  private static final long ADDRESSABLE_PIXELS = Integer.MAX_VALUE / 4;

  /** Rejects limits that no image meets, or above what a buffer can address. */
  public DecoderLimits {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("limit of " + maxBytes + " bytes is below 1");
    }
    if (maxPixels < 1 || maxPixels > ADDRESSABLE_PIXELS) {
      throw new IllegalArgumentException(
          "limit of " + maxPixels + " pixels outside [1, " + ADDRESSABLE_PIXELS + "]");
    }
    if (maxPixelsPerByte < 1) {
      throw new IllegalArgumentException(
          "limit of " + maxPixelsPerByte + " pixels a byte is below 1");
    }
  }

  /** Refuses a file that is too large, or empty. */
  void requireBytes(int bytes) throws BadImageException {
    if (bytes == 0) {
      throw new BadImageException("image is empty (0 bytes)");
    }
    if (bytes > maxBytes) {
      throw new BadImageException("image has %d bytes, limit is %d".formatted(bytes, maxBytes));
    }
  }

  /** Refuses an image that claims too many pixels, at all or for a file of so many bytes. */
  void requirePixels(ImageFile.Claims claims, int bytes) throws BadImageException {
    long pixels = claims.pixels();
    if (pixels > maxPixels) {
      throw new BadImageException(
          "image claims %d x %d = %d pixels, limit is %d"
              .formatted(claims.width(), claims.height(), pixels, maxPixels));
    }
    if (pixels > MAX_OF_ANY_FILE && pixels > (long) maxPixelsPerByte * bytes) {
      throw new BadImageException(
          "image claims %d x %d pixels in %d bytes: above %d pixels, the limit is %d for each byte"
              .formatted(
                  claims.width(), claims.height(), bytes, MAX_OF_ANY_FILE, maxPixelsPerByte));
    }
  }

  /** Refuses an image that claims a side too long to be resized. */
  static void requireSides(ImageFile.Claims claims, int maxSide) throws BadImageException {
    if (Math.max(claims.width(), claims.height()) > maxSide) {
      throw new BadImageException(
          "image claims %d x %d pixels, a side may have %d"
              .formatted(claims.width(), claims.height(), maxSide));
    }
  }
}
