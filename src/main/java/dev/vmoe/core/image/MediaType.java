package dev.vmoe.core.image;

import java.util.Locale;

/** The media type of an encoded image, determined from its first bytes as the decoder does. */
public final class MediaType {

  /** The type of bytes that begin like no known image format; the decoder decides finally. */
  public static final String UNKNOWN = "image/x-unknown";

  private MediaType() {}

  /** Returns the media type; {@link #UNKNOWN} if the first bytes do not tell. */
  public static String of(byte[] image) {
    return ImageFormat.of(image)
        .map(format -> "image/" + format.label.toLowerCase(Locale.ROOT))
        .orElse(UNKNOWN);
  }
}
