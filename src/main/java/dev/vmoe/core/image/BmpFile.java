package dev.vmoe.core.image;

/** Layout of a BMP: a file header, an information header of one of several versions, rows. */
final class BmpFile {

  private static final int CORE_HEADER = 12;
  private static final int RUN_LENGTH_8 = 1;
  private static final int RUN_LENGTH_4 = 2;

  private BmpFile() {}

  /** The fourth byte of 32-bit pixels is padding in most files, so it counts as no alpha. */
  static ImageHeader header(EncodedBytes bytes) throws BadImageException {
    if (bytes.u32le(14) == CORE_HEADER) {
      return ImageHeader.claimed(ImageFormat.BMP, bytes.u16le(18), bytes.u16le(20), false);
    }
    long height = (int) bytes.u32le(22);
    return ImageHeader.claimed(ImageFormat.BMP, (int) bytes.u32le(18), Math.abs(height), false);
  }

  /** Checks that the bytes suffice for all rows; compressed rows must reach their end mark. */
  static void requireWhole(EncodedBytes bytes) throws BadImageException {
    ImageHeader header = header(bytes);
    boolean core = bytes.u32le(14) == CORE_HEADER;
    int bits = bytes.u16le(core ? 24 : 28);
    long compression = core ? 0 : bytes.u32le(30);
    long rows = bytes.u32le(10);
    if (compression == RUN_LENGTH_8 || compression == RUN_LENGTH_4) {
      requireEndOfRuns(bytes, rows, compression == RUN_LENGTH_8 ? 1 : 2);
    } else {
      long rowBytes = ((long) header.width() * bits + 31) / 32 * 4;
      bytes.require(rows, rowBytes * header.height());
    }
  }

  private static void requireEndOfRuns(EncodedBytes bytes, long start, int pixelsPerByte)
      throws BadImageException {
    long at = start;
    while (true) {
      int count = bytes.u8(at);
      int value = bytes.u8(at + 1);
      at += 2;
      if (count > 0) {
        continue;
      }
      if (value == 1) {
        return;
      }
      if (value == 2) {
        at += 2;
      } else if (value > 2) {
        int literal = (value + pixelsPerByte - 1) / pixelsPerByte;
        at += literal + (literal & 1);
      }
    }
  }
}
