package dev.vmoe.lab.faults;

import dev.vmoe.event.ImageRequest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/** Records that no instance can answer with a prediction; each must become a dead letter. */
enum HostileRecord {
  /** An image of no bytes. */
  EMPTY_IMAGE,
  /** Bytes that are no image. */
  RUBBISH_IMAGE,
  /** The first half of an image. */
  HALF_AN_IMAGE,
  /** A small file that says it has 900 megapixels. */
  BOMB,
  /** A priority that is out of range. */
  PRIORITY,
  /** Bytes that are not Avro. */
  NOT_AVRO,
  /** Avro of a schema that the registry never had. */
  UNKNOWN_SCHEMA,
  /** No value at all. */
  NO_VALUE,
  /** Bytes that are no image, with the header that says they are. */
  RAW_RUBBISH;

  /** What the keys of these records begin with. */
  static final String KEY = "hostile-";

  private static final int BOMB_SIDE = 30_000;

  /** Where the width of a PNG is, behind its signature and the chunk's length and type. */
  private static final int PNG_WIDTH = 16;

  /** Returns whether the record has the header of raw image bytes. */
  boolean raw() {
    return this == RAW_RUBBISH;
  }

  /** Returns the request that makes it hostile; null if it is not even one. */
  @Nullable ImageRequest request(byte[] png) {
    return switch (this) {
      case EMPTY_IMAGE -> request(new byte[0], 1);
      case RUBBISH_IMAGE -> request(new byte[] {1, 2, 3}, 1);
      case HALF_AN_IMAGE -> request(Arrays.copyOf(png, png.length / 2), 1);
      case BOMB -> request(bomb(png), 1);
      case PRIORITY -> request(png, 1000);
      case NOT_AVRO, UNKNOWN_SCHEMA, NO_VALUE, RAW_RUBBISH -> null;
    };
  }

  /** Returns the record's value where it is no request. */
  byte @Nullable [] value() {
    return switch (this) {
      case UNKNOWN_SCHEMA -> ByteBuffer.allocate(9).put((byte) 0).putInt(2_000_000_000).array();
      case NO_VALUE -> null;
      default -> new byte[] {7, 7, 7, 7, 7, 7, 7, 7};
    };
  }

  private static ImageRequest request(byte[] image, float priority) {
    return ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).setPriority(priority).build();
  }

  private static byte[] bomb(byte[] png) {
    byte[] bomb = png.clone();
    ByteBuffer bytes = ByteBuffer.wrap(bomb);
    bytes.putInt(PNG_WIDTH, BOMB_SIDE).putInt(PNG_WIDTH + Integer.BYTES, BOMB_SIDE);
    CRC32 sum = new CRC32();
    sum.update(bomb, PNG_WIDTH - 4, 17); // type and content of the header chunk
    bytes.putInt(PNG_WIDTH + 13, (int) sum.getValue());
    return bomb;
  }
}
