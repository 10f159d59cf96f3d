package dev.vmoe.image;

/**
 * Maximum size of an encoded image, checked before anything is allocated for it.
 *
 * @param maxBytes encoded bytes
 * @param maxPixels height times width, as the image's header claims them
 */
public record DecoderLimits(int maxBytes, long maxPixels) {

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
  }
}
