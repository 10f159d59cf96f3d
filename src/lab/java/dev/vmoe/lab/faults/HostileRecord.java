package dev.vmoe.lab.faults;

import dev.vmoe.event.ImageRequest;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
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
  RAW_RUBBISH,
  /** JSON whose image is not base64. */
  JSON_NOT_BASE64,
  /** JSON that is nested ten thousand times. */
  JSON_DEEP,
  /** JSON with a number of ten thousand digits. */
  JSON_HUGE_NUMBER,
  /** JSON in which an attribute is a number. */
  JSON_WRONG_TYPE,
  /** JSON with a field twice. */
  JSON_TWICE,
  /** JSON that ends in the middle of its image. */
  JSON_TRUNCATED;

  /** What the keys of these records begin with. */
  static final String KEY = "hostile-";

  private static final int BOMB_SIDE = 30_000;
  private static final int DEPTH = 10_000;
  private static final int DIGITS = 10_000;

  /** Where the width of a PNG is, behind its signature and the chunk's length and type. */
  private static final int PNG_WIDTH = 16;

  /** Returns what the record's header says of its value; null if it has none. */
  @Nullable String contentType() {
    return this == RAW_RUBBISH
        ? "image/png"
        : name().startsWith("JSON") ? "application/json" : null;
  }

  /** Returns the request that makes it hostile; null if it is not even one. */
  @Nullable ImageRequest request(byte[] png) {
    return switch (this) {
      case EMPTY_IMAGE -> request(new byte[0], 1);
      case RUBBISH_IMAGE -> request(new byte[] {1, 2, 3}, 1);
      case HALF_AN_IMAGE -> request(Arrays.copyOf(png, png.length / 2), 1);
      case BOMB -> request(bomb(png), 1);
      case PRIORITY -> request(png, 1000);
      default -> null;
    };
  }

  /**
   * Returns the record's value where it is no request.
   *
   * @param png a good image
   */
  byte @Nullable [] value(byte[] png) {
    String image = Base64.getEncoder().encodeToString(png);
    return switch (this) {
      case UNKNOWN_SCHEMA -> ByteBuffer.allocate(9).put((byte) 0).putInt(2_000_000_000).array();
      case NO_VALUE -> null;
      case JSON_NOT_BASE64 -> json("{'image':'%s*'}".formatted(image));
      case JSON_DEEP ->
          json("{'image':'%s','attributes':%s".formatted(image, "{'a':".repeat(DEPTH)));
      case JSON_HUGE_NUMBER ->
          json("{'image':'%s','priority':%s}".formatted(image, "9".repeat(DIGITS)));
      case JSON_WRONG_TYPE -> json("{'image':'%s','attributes':{'camera':7}}".formatted(image));
      case JSON_TWICE -> json("{'image':'%s','image':'%s'}".formatted(image, image));
      case JSON_TRUNCATED -> json("{'image':'%s".formatted(image));
      default -> new byte[] {7, 7, 7, 7, 7, 7, 7, 7};
    };
  }

  private static ImageRequest request(byte[] image, float priority) {
    return ImageRequest.newBuilder().setImage(ByteBuffer.wrap(image)).setPriority(priority).build();
  }

  private static byte[] json(String text) {
    return text.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
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
