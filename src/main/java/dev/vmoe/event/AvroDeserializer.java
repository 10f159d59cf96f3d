package dev.vmoe.event;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a generated record from Confluent's wire format, whatever compatible version of its schema
 * it was written with.
 *
 * <p>Only classes that the record's own schema names are loaded; the writer's schema decides how
 * bytes are read, never what is instantiated.
 *
 * @param <T> generated class
 */
public final class AvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {

  private final RegistryClient registry;
  private final SpecificData data;
  private final Schema readerSchema;
  private final Map<Integer, Readers<T>> readers = new ConcurrentHashMap<>();

  /** How one writer schema is walked over and read. */
  private record Readers<T>(Schema writerSchema, SpecificDatumReader<T> reader) {}

  /** Creates a deserializer of records of this generated class. */
  public AvroDeserializer(RegistryClient registry, Class<T> type) {
    this.registry = registry;
    this.data = SpecificData.getForClass(type);
    this.readerSchema = data.getSchema(type);
  }

  /**
   * Reads a record.
   *
   * @throws BadRecordException if the bytes are no such record
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public T read(byte[] bytes) throws BadRecordException {
    if (bytes.length < AvroSerializer.HEADER_BYTES || bytes[0] != AvroSerializer.MAGIC) {
      throw new BadRecordException.NotAvro(
          "the value ("
              + bytes.length
              + " bytes) is not Avro: it does not begin with byte 0 and a schema id. Raw image"
              + " bytes need the header content-type: image/...",
          null);
    }
    int id = ByteBuffer.wrap(bytes, 1, Integer.BYTES).getInt();
    Readers<T> known = readers(id);
    try {
      rejectLyingLengths(known.writerSchema(), bytes);
      return known.reader().read(null, decoder(bytes));
    } catch (StackOverflowError e) {
      // A writer's schema may contain itself, and the bytes say how often. The stack is as it was
      // by now; thousands of frames as a cause would tell nobody more.
      throw new BadRecordException.NotAvro(
          "the value is nested more deeply than can be read, in schema id "
              + id
              + " ("
              + known.writerSchema().getFullName()
              + ")",
          null);
    } catch (IOException | RuntimeException e) {
      throw explain(id, known.writerSchema(), e);
    }
  }

  private BadRecordException explain(int id, Schema writerSchema, Exception e) {
    boolean resolves =
        SchemaCompatibility.checkReaderWriterCompatibility(readerSchema, writerSchema).getType()
            == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
    String schema = "schema id " + id + " (" + writerSchema.getFullName() + ")";
    return resolves
        ? new BadRecordException.NotAvro("the value is not of " + schema + ": " + what(e), e)
        : new BadRecordException.UnresolvableSchema(
            schema + " cannot be read as " + readerSchema.getFullName() + ": " + e.getMessage(), e);
  }

  /** Avro tells the end of the bytes by the kind of exception alone. */
  private static String what(Exception e) {
    return e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
  }

  private Readers<T> readers(int id) throws BadRecordException {
    Readers<T> known = readers.get(id);
    if (known != null) {
      return known;
    }
    Schema writerSchema = registry.schema(id);
    if (hasArrayOfNothing(writerSchema, new HashSet<>())) {
      throw new BadRecordException.UnresolvableSchema(
          "schema id "
              + id
              + " ("
              + writerSchema.getFullName()
              + ") has an array whose items take no bytes: its length could be anything",
          null);
    }
    Readers<T> fresh =
        new Readers<>(writerSchema, new SpecificDatumReader<>(writerSchema, readerSchema, data));
    readers.put(id, fresh);
    return fresh;
  }

  /**
   * Walks over the record without allocating anything, so that a length that promises gigabytes is
   * found out before it is believed.
   */
  private static void rejectLyingLengths(Schema schema, byte[] bytes) throws IOException {
    BinaryDecoder decoder = decoder(bytes);
    GenericDatumReader.skip(schema, decoder);
    if (!decoder.isEnd()) {
      throw new IOException("bytes are left over behind the record");
    }
  }

  /** Such an array can claim more items in ten bytes than anybody can count. */
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

  private static BinaryDecoder decoder(byte[] bytes) {
    return DecoderFactory.get()
        .binaryDecoder(
            bytes, AvroSerializer.HEADER_BYTES, bytes.length - AvroSerializer.HEADER_BYTES, null);
  }

  @Override
  public @Nullable T deserialize(String topic, byte @Nullable [] bytes) {
    if (bytes == null) {
      return null;
    }
    try {
      return read(bytes);
    } catch (BadRecordException e) {
      throw new SerializationException("a value of topic " + topic + " cannot be read", e);
    }
  }
}
