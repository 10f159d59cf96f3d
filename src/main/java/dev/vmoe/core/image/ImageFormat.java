package dev.vmoe.core.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/** The file formats that the decoder takes, each with its signature. */
enum ImageFormat {
  JPEG("JPEG", "\u00ff\u00d8\u00ff", JpegFile::new),
  PNG("PNG", "\u0089PNG\r\n\u001a\n", PngFile::new),
  GIF("GIF", "GIF8", GifFile::new),
  WEBP("WebP", "RIFF", WebpFile::new),
  BMP("BMP", "BM", BmpFile::new),
  TIFF_LITTLE_ENDIAN("TIFF", "II*\0", TiffFile::new),
  TIFF_BIG_ENDIAN("TIFF", "MM\0*", TiffFile::new);

  @FunctionalInterface
  interface Reader {
    ImageFile read(byte[] encoded) throws BadImageException;
  }

  final String label;

  final Reader reader;
  private final String signature;

  ImageFormat(String label, String signature, Reader reader) {
    this.label = label;
    this.signature = signature;
    this.reader = reader;
  }

  /** Returns the format that the first bytes announce; empty if they announce none. */
  static Optional<ImageFormat> of(byte[] encoded) {
    String start =
        new String(encoded, 0, Math.min(12, encoded.length), StandardCharsets.ISO_8859_1);
    return Arrays.stream(values())
        .filter(it -> start.startsWith(it.signature))
        .filter(it -> it != WEBP || start.startsWith("WEBP", 8))
        .findFirst();
  }
}
