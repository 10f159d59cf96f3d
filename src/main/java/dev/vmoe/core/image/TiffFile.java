package dev.vmoe.core.image;

import java.util.HashMap;
import java.util.Map;

/** Layout of a TIFF: a directory of tagged values; some of them point to strips or tiles. */
final class TiffFile extends ImageFile {

  private static final int WIDTH = 256;
  private static final int HEIGHT = 257;
  private static final int BITS_PER_SAMPLE = 258;
  private static final int COMPRESSION = 259;
  private static final int PHOTOMETRIC = 262;
  private static final int STRIP_OFFSETS = 273;
  private static final int ORIENTATION = 274;
  private static final int SAMPLES_PER_PIXEL = 277;
  private static final int ROWS_PER_STRIP = 278;
  private static final int STRIP_BYTE_COUNTS = 279;
  private static final int TILE_WIDTH = 322;
  private static final int TILE_HEIGHT = 323;
  private static final int TILE_OFFSETS = 324;
  private static final int TILE_BYTE_COUNTS = 325;

  private static final int UNCOMPRESSED = 1;
  private static final int JPEG = 7;
  private static final int YCBCR = 6;
  private static final int MAX_BITS_PER_SAMPLE = 16;
  private static final int MAX_SAMPLES_PER_PIXEL = 4;

  private final boolean littleEndian;
  private final Map<Integer, Field> fields = new HashMap<>();

  /**
   * One directory entry.
   *
   * @param size bytes of a value: 1, 2 or 4
   * @param count number of values
   * @param at position of the first value
   */
  private record Field(int size, long count, long at) {}

  /** Reads the first directory; later ones are further pages. */
  TiffFile(byte[] bytes) throws BadImageException {
    super(bytes, ImageFormat.TIFF_LITTLE_ENDIAN);
    this.littleEndian = has("II", 0);
    long directory = u32(4);
    int entries = u16(directory);
    for (int i = 0; i < entries; i++) {
      long entry = directory + 2 + 12L * i;
      int size =
          switch (u16(entry + 2)) {
            case 1, 7 -> 1;
            case 3 -> 2;
            case 4 -> 4;
            default -> 0;
          };
      long count = u32(entry + 4);
      long at = size * count <= 4 ? entry + 8 : u32(entry + 8);
      if (size > 0 && count > 0 && fields.put(u16(entry), new Field(size, count, at)) != null) {
        throw corrupt("tag " + u16(entry) + " given twice");
      }
    }
  }

  @Override
  Claims claims() throws BadImageException {
    // the decoder decodes whole tiles, however small the image
    long tileWidth = fields.containsKey(TILE_WIDTH) ? first(TILE_WIDTH, 0) : 0;
    long tileHeight = fields.containsKey(TILE_HEIGHT) ? first(TILE_HEIGHT, 0) : 0;
    long width = first(WIDTH, 0);
    long height = first(HEIGHT, 0);
    if (tileWidth * tileHeight > 1L << 20 && tileWidth * tileHeight > 4 * width * height) {
      throw corrupt(
          "tiles of %d x %d for an image of %d x %d"
              .formatted(tileWidth, tileHeight, width, height));
    }
    return claimed(width, height, false);
  }

  /**
   * The picture; a strip or tile as it is stored and as four samples, with coefficients if it is a
   * JPEG; a turned copy where there is an orientation.
   */
  @Override
  long pixelBytes(Claims claims) throws BadImageException {
    boolean tiled = fields.containsKey(TILE_WIDTH);
    long columns = tiled ? first(TILE_WIDTH, 0) : claims.width();
    long rows = tiled ? first(TILE_HEIGHT, 0) : first(ROWS_PER_STRIP, claims.height());
    long part = columns * (tiled ? rows : Math.min(rows, claims.height()));
    long samples = Math.min(MAX_SAMPLES_PER_PIXEL, first(SAMPLES_PER_PIXEL, 1));
    long bits = Math.min(MAX_BITS_PER_SAMPLE, first(BITS_PER_SAMPLE, 1));
    long stored = (samples * bits + 7) / 8;
    long coefficients = first(COMPRESSION, 1) == JPEG ? 2 * samples : 0;
    long pictures = first(ORIENTATION, 1) > 1 ? 2 : 1;
    return pictures * RGB * claims.pixels() + part * (RGBA + stored + coefficients);
  }

  /**
   * Checks that all strips or tiles are in the file, and that uncompressed ones hold all pixels.
   */
  @Override
  void requireWhole() throws BadImageException {
    long bits = first(BITS_PER_SAMPLE, 1);
    long samples = first(SAMPLES_PER_PIXEL, 1);
    if (bits > MAX_BITS_PER_SAMPLE || samples > MAX_SAMPLES_PER_PIXEL) {
      throw new BadImageException(
          "TIFF with %d samples of %d bits a pixel, limits are %d and %d"
              .formatted(samples, bits, MAX_SAMPLES_PER_PIXEL, MAX_BITS_PER_SAMPLE));
    }
    boolean tiled = fields.containsKey(TILE_OFFSETS);
    Field offsets = field(tiled ? TILE_OFFSETS : STRIP_OFFSETS);
    Field counts = field(tiled ? TILE_BYTE_COUNTS : STRIP_BYTE_COUNTS);
    if (offsets.count() != counts.count()) {
      throw corrupt("%d places of data and %d lengths".formatted(offsets.count(), counts.count()));
    }
    long stored = 0;
    for (long i = 0; i < offsets.count(); i++) {
      long count = value(counts, i);
      require(value(offsets, i), count);
      stored += count;
    }
    long rowBytes = (first(WIDTH, 0) * bits * samples + 7) / 8;
    boolean raw = first(COMPRESSION, 1) == UNCOMPRESSED && first(PHOTOMETRIC, 0) != YCBCR;
    if (raw && stored < rowBytes * first(HEIGHT, 0)) {
      throw new BadImageException(
          "truncated TIFF: %d bytes of pixels, %d are needed"
              .formatted(stored, rowBytes * first(HEIGHT, 0)));
    }
  }

  private Field field(int tag) throws BadImageException {
    Field field = fields.get(tag);
    if (field == null) {
      throw corrupt("tag " + tag + " is missing");
    }
    return field;
  }

  private long first(int tag, long otherwise) throws BadImageException {
    Field field = fields.get(tag);
    return field == null ? otherwise : value(field, 0);
  }

  private long value(Field field, long index) throws BadImageException {
    long at = field.at() + index * field.size();
    return switch (field.size()) {
      case 1 -> u8(at);
      case 2 -> u16(at);
      default -> u32(at);
    };
  }

  private int u16(long at) throws BadImageException {
    return littleEndian ? u16le(at) : u16be(at);
  }

  private long u32(long at) throws BadImageException {
    return littleEndian ? u32le(at) : u32be(at);
  }
}
