package dev.vmoe.event;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.apache.avro.Schema;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * Confluent's wire format: byte 0, the schema's id (4 bytes, big endian), Avro binary.
 *
 * <p>Readers walk over a value before they decode it. That allocates nothing, so that a length that
 * promises gigabytes is found out before memory is reserved for it.
 */
final class WireFormat {

  private static final byte MAGIC = 0;
  private static final int HEADER_BYTES = 1 + Integer.BYTES;

  private WireFormat() {}

  static byte[] header(int schemaId) {
    return ByteBuffer.allocate(HEADER_BYTES).put(MAGIC).putInt(schemaId).array();
  }

  /** Returns whether a value begins as this format does. */
  static boolean matches(byte[] value) {
    return value.length >= HEADER_BYTES && value[0] == MAGIC;
  }

  static int schemaId(byte[] value) {
    return ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
  }

  /** Returns a decoder of the Avro binary of a value. */
  static BinaryDecoder decoder(byte[] value) {
    return DecoderFactory.get()
        .binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, null);
  }

  /**
   * Returns whether a schema has an array whose items take no bytes. Ten bytes can claim more of
   * such items than anybody can count.
   */
  static boolean hasArrayOfNothing(Schema schema) {
    return hasArrayOfNothing(schema, new HashSet<>());
  }

  private static boolean hasArrayOfNothing(Schema schema, Set<String> seen) {
    return switch (schema.getType()) {
      case ARRAY ->
          takesNothing(schema.getElementType(), new HashSet<>())
              || hasArrayOfNothing(schema.getElementType(), seen);
      case MAP -> hasArrayOfNothing(schema.getValueType(), seen);
      case UNION -> schema.getTypes().stream().anyMatch(type -> hasArrayOfNothing(type, seen));
      case RECORD ->
          seen.add(schema.getFullName())
              && schema.getFields().stream()
                  .anyMatch(field -> hasArrayOfNothing(field.schema(), seen));
      default -> false;
    };
  }

  private static boolean takesNothing(Schema schema, Set<String> seen) {
    return switch (schema.getType()) {
      case NULL -> true;
      case FIXED -> schema.getFixedSize() == 0;
      case RECORD ->
          !seen.add(schema.getFullName())
              || schema.getFields().stream().allMatch(field -> takesNothing(field.schema(), seen));
      default -> false;
    };
  }
}
