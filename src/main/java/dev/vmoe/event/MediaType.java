package dev.vmoe.event;

import java.nio.charset.StandardCharsets;

/** The media type of an encoded image, told by its first bytes as the decoder does. */
public final class MediaType {

  /** For bytes that are no image format known here; the decoder has the last word. */
  public static final String UNKNOWN = "image/x-unknown";

  /** Header of a record whose value is an image's bytes as they are: names their media type. */
  public static final String HEADER = "content-type";

  private MediaType() {}

  /** Returns the media type; {@link #UNKNOWN} if the first bytes do not tell. */
  public static String of(byte[] image) {
    String head = new String(image, 0, Math.min(image.length, 16), StandardCharsets.ISO_8859_1);
    if (head.startsWith("\u00ff\u00d8\u00ff")) {
      return "image/jpeg";
    }
    if (head.startsWith("\u0089PNG\r\n\u001a\n")) {
      return "image/png";
    }
    if (head.startsWith("GIF8")) {
      return "image/gif";
    }
    if (head.startsWith("RIFF") && head.startsWith("WEBP", 8)) {
      return "image/webp";
    }
    if (head.startsWith("BM")) {
      return "image/bmp";
    }
    if (head.startsWith("II*\0") || head.startsWith("MM\0*")) {
      return "image/tiff";
    }
    return UNKNOWN;
  }
}
