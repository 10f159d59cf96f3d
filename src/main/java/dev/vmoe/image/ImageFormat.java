package dev.vmoe.image;

/** File formats that are decoded, each with its signature. */
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
    EncodedBytes bytes = new EncodedBytes(encoded, "image");
    for (ImageFormat format : values()) {
      if (bytes.has(format.signature, 0) && (format != WEBP || bytes.has("WEBP", 8))) {
        return format;
      }
    }
    StringBuilder start = new StringBuilder();
    for (int i = 0; i < Math.min(SHOWN_BYTES, encoded.length); i++) {
      start.append("%02x".formatted(encoded[i]));
    }
    throw new BadImageException("not an image this decoder takes (starts with 0x" + start + ")");
  }

  /** Reads width, height and whether there is alpha, and nothing else. */
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

  /** Walks the file to its end and refuses it if a part is missing. */
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

  /** Returns the name that people know the format by. */
  String label() {
    return switch (this) {
      case WEBP -> "WebP";
      case TIFF_LITTLE_ENDIAN, TIFF_BIG_ENDIAN -> "TIFF";
      default -> name();
    };
  }
}
