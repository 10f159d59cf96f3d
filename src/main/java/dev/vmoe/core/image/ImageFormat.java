package dev.vmoe.core.image;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** The file formats that the decoder takes, each with its signature. */
enum ImageFormat {
  JPEG("\u00ff\u00d8\u00ff"),
  PNG("\u0089PNG\r\n\u001a\n"),
  GIF("GIF8"),
  WEBP("RIFF"),
  BMP("BM"),
  TIFF_LITTLE_ENDIAN("II*\0"),
  TIFF_BIG_ENDIAN("MM\0*");

  private static final int SHOWN_BYTES = 8;

  private final String signature;

  ImageFormat(String signature) {
    this.signature = signature;
  }

  /** Returns the format that an image's first bytes announce. */
  static ImageFormat of(byte[] encoded) throws BadImageException {
    return find(encoded)
        .orElseThrow(
            () ->
                new BadImageException(
                    "not an image this decoder takes (starts with 0x%s)"
                        .formatted(
                            HexFormat.of()
                                .formatHex(encoded, 0, Math.min(SHOWN_BYTES, encoded.length)))));
  }

  /** Returns the format that the first bytes announce; empty if they announce none. */
  static Optional<ImageFormat> find(byte[] encoded) {
    EncodedBytes bytes = new EncodedBytes(encoded, "image");
    return Arrays.stream(values())
        .filter(it -> bytes.has(it.signature, 0) && (it != WEBP || bytes.has("WEBP", 8)))
        .findFirst();
  }

  /** Reads only width, height and whether there is alpha. */
  ImageHeader header(byte[] encoded) throws BadImageException {
    EncodedBytes bytes = new EncodedBytes(encoded, label());
    return switch (this) {
      case JPEG -> JpegFile.header(bytes);
      case PNG -> PngFile.header(bytes);
      case GIF -> GifFile.header(bytes);
      case WEBP -> WebpFile.header(bytes);
      case BMP -> BmpFile.header(bytes);
      case TIFF_LITTLE_ENDIAN, TIFF_BIG_ENDIAN -> new TiffFile(bytes).header(this);
    };
  }

  /**
   * Returns the bytes that the decoder allocates at most for the pixels of a file: the picture, and
   * what it keeps beside it.
   */
  long pixelBytes(byte[] encoded, ImageHeader header) throws BadImageException {
    EncodedBytes bytes = new EncodedBytes(encoded, label());
    return switch (this) {
      case JPEG -> JpegFile.pixelBytes(bytes, header);
      case PNG -> PngFile.pixelBytes(bytes, header);
      case GIF -> GifFile.pixelBytes(bytes, header);
      case WEBP -> WebpFile.pixelBytes(bytes, header);
      case BMP -> ImageHeader.RGB * header.pixels();
      case TIFF_LITTLE_ENDIAN, TIFF_BIG_ENDIAN -> new TiffFile(bytes).pixelBytes(header);
    };
  }

  /** Reads the file's structure to its end and refuses it if a part is missing. */
  void requireWhole(byte[] encoded) throws BadImageException {
    EncodedBytes bytes = new EncodedBytes(encoded, label());
    switch (this) {
      case JPEG -> JpegFile.requireWhole(bytes);
      case PNG -> PngFile.requireWhole(bytes);
      case GIF -> GifFile.requireWhole(bytes);
      case WEBP -> WebpFile.requireWhole(bytes);
      case BMP -> BmpFile.requireWhole(bytes);
      case TIFF_LITTLE_ENDIAN, TIFF_BIG_ENDIAN -> new TiffFile(bytes).requireWhole();
    }
  }

  String mediaType() {
    return "image/" + label().toLowerCase(Locale.ROOT);
  }

  /** Returns the common name of the format. */
  String label() {
    return switch (this) {
      case WEBP -> "WebP";
      case TIFF_LITTLE_ENDIAN, TIFF_BIG_ENDIAN -> "TIFF";
      default -> name();
    };
  }
}
