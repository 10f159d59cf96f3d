package dev.vmoe.fetch;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Reads an image within what is reserved for it, and within the maximum of an image. */
final class BoundedBytes {

  private BoundedBytes() {}

  /**
   * Reads to the end.
   *
   * @param declared bytes of the image as its source says, below 0 if it does not
   * @throws FetchException if there are more than the maximum
   * @throws NoRoomException if there is no room for so many now
   */
  static byte[] read(InputStream in, long declared, int maxBytes, Fetch fetch)
      throws IOException, FetchException, NoRoomException {
    if (declared > maxBytes) {
      throw tooLarge(declared + " bytes, more", maxBytes);
    }
    int first = declared >= 0 ? (int) declared : Math.min(FetchLine.FIRST_BYTES, maxBytes);
    fetch.reserve(first);
    byte[] image = new byte[first];
    int read = in.readNBytes(image, 0, first);
    if (read < first) {
      return Arrays.copyOf(image, read);
    }
    int more = in.read();
    if (more < 0) {
      return image;
    }
    if (first == maxBytes) {
      throw tooLarge("more bytes", maxBytes);
    }
    fetch.reserve(maxBytes);
    byte[] rest = in.readNBytes(maxBytes - first);
    if (first + 1L + rest.length > maxBytes) {
      throw tooLarge("more bytes", maxBytes);
    }
    byte[] whole = Arrays.copyOf(image, first + 1 + rest.length);
    whole[first] = (byte) more;
    System.arraycopy(rest, 0, whole, first + 1, rest.length);
    return whole;
  }

  private static FetchException tooLarge(String bytes, int maxBytes) {
    return FetchException.failed(
        "the image has %s than image.max.bytes = %d".formatted(bytes, maxBytes));
  }
}
