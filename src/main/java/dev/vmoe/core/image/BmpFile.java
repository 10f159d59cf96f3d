package dev.vmoe.core.image;

/** Layout of a BMP: a file header, an information header of one of several versions, rows. */
final class BmpFile extends ImageFile {

  private static final int CORE_HEADER = 12;
  private static final int RUN_LENGTH_8 = 1;
  private static final int RUN_LENGTH_4 = 2;

  BmpFile(byte[] bytes) {
    super(bytes, ImageFormat.BMP);
  }

  private boolean hasCoreHeader() throws BadImageException {
    return u32le(14) == CORE_HEADER;
  }

  /** The fourth byte of 32-bit pixels is padding in most files, so it counts as no alpha. */
  @Override
  Claims claims() throws BadImageException {
    if (hasCoreHeader()) {
      return claimed(u16le(18), u16le(20), false);
    }
    long height = (int) u32le(22); // below 0 where rows go downwards
    return claimed((int) u32le(18), Math.abs(height), false);
  }

  @Override
  long pixelBytes(Claims claims) {
    return RGB * claims.pixels();
  }

  /** Checks that the bytes suffice for all rows; compressed rows must reach their end mark. */
  @Override
  void requireWhole() throws BadImageException {
    Claims claims = claims();
    boolean core = hasCoreHeader();
    int bits = u16le(core ? 24 : 28);
    long compression = core ? 0 : u32le(30);
    long rows = u32le(10);
    if (compression == RUN_LENGTH_8 || compression == RUN_LENGTH_4) {
      requireEndOfRuns(rows, compression == RUN_LENGTH_8 ? 1 : 2);
    } else {
      long rowBytes = ((long) claims.width() * bits + 31) / 32 * 4;
      require(rows, rowBytes * claims.height());
    }
  }

  private void requireEndOfRuns(long start, int pixelsPerByte) throws BadImageException {
    long at = start;
    while (true) {
      int count = u8(at);
      int value = u8(at + 1);
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
