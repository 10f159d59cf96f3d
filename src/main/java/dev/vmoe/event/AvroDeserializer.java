package dev.vmoe.event;

import java.io.EOFException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a generated record from Confluent's wire format, written with any compatible version of its
 * schema.
 *
 * <p>The writer's schema decides how bytes are read, but only classes that the record's own schema
 * names are loaded.
 *
 * @param <T> generated class
 */
public final class AvroDeserializer<T extends SpecificRecord> implements Deserializer<T> {

  private final SchemaSource schemas;
  private final SpecificData data;
  private final Schema readerSchema;
  private final Map<Integer, Readers<T>> readers = new ConcurrentHashMap<>();

  /** A writer's schema and its reader. */
  private record Readers<T>(Schema writerSchema, SpecificDatumReader<T> reader) {}

  /** Creates a deserializer of records of this generated class that waits for the registry. */
  public AvroDeserializer(RegistryClient registry, Class<T> type) {
    this(id -> Optional.of(registry.schema(id)), type);
  }

  /** Creates a deserializer of records of this generated class with schemas from elsewhere. */
  public AvroDeserializer(SchemaSource schemas, Class<T> type) {
    this.schemas = schemas;
    this.data = SpecificData.getForClass(type);
    this.readerSchema = data.getSchema(type);
  }

  /**
   * Reads a record.
   *
   * @throws BadRecordException if the bytes are not such a record
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public T read(byte[] bytes) throws BadRecordException {
    return readIfKnown(bytes)
        .orElseThrow(() -> new IllegalStateException("the record's schema is not known yet"));
  }

  /**
   * Reads a record; empty while its schema is not known.
   *
   * @throws BadRecordException if the bytes are not such a record
   */
  public Optional<T> readIfKnown(byte[] bytes) throws BadRecordException {
    if (!WireFormat.matches(bytes)) {
      throw new BadRecordException.NotAvro(
          "the value (%d bytes) is not Avro: it does not begin with byte 0 and a schema id. Raw image bytes need the header content-type: image/..., JSON needs application/json"
              .formatted(bytes.length),
          null);
    }
    int id = WireFormat.schemaId(bytes);
    Readers<T> known = readers(id);
    if (known == null) {
      return Optional.empty();
    }
    try {
      rejectFalseLengths(known.writerSchema(), bytes);
      return Optional.of(known.reader().read(null, WireFormat.decoder(bytes)));
    } catch (StackOverflowError e) {
      // A writer's schema may contain itself, and the bytes decide how deep. The error is left out
      // as
      // the cause: its thousands of frames help nobody.
      throw new BadRecordException.NotAvro(
          "the value is nested more deeply than can be read, in " + name(id, known.writerSchema()),
          null);
    } catch (IOException | RuntimeException e) {
      throw explain(id, known.writerSchema(), e);
    }
  }

  private BadRecordException explain(int id, Schema writerSchema, Exception e) {
    boolean resolves =
        SchemaCompatibility.checkReaderWriterCompatibility(readerSchema, writerSchema).getType()
            == SchemaCompatibility.SchemaCompatibilityType.COMPATIBLE;
    String schema = name(id, writerSchema);
    return resolves
        ? new BadRecordException.NotAvro("the value is not of " + schema + ": " + what(e), e)
        : new BadRecordException.UnresolvableSchema(
            schema + " cannot be read as " + readerSchema.getFullName() + ": " + e.getMessage(), e);
  }

  private static String name(int id, Schema schema) {
    return "schema id " + id + " (" + schema.getFullName() + ")";
  }

  /** Describes a failure; an end of the bytes has no message of Avro. */
  private static String what(Exception e) {
    return e instanceof EOFException ? "it ends too early" : String.valueOf(e.getMessage());
  }

  private @Nullable Readers<T> readers(int id) throws BadRecordException {
    Readers<T> known = readers.get(id);
    if (known != null) {
      return known;
    }
    Optional<Schema> found = schemas.schema(id);
    if (found.isEmpty()) {
      return null;
    }
    Schema writerSchema = found.get();
    Readers<T> fresh =
        new Readers<>(writerSchema, new SpecificDatumReader<>(writerSchema, readerSchema, data));
    readers.put(id, fresh);
    return fresh;
  }

  private static void rejectFalseLengths(Schema schema, byte[] bytes) throws IOException {
    BinaryDecoder decoder = WireFormat.decoder(bytes);
    skip(schema, decoder);
    if (!decoder.isEnd()) {
      throw new IOException("bytes are left over behind the record");
    }
  }

  /** Skips a value, whose maps may not have many entries: each takes far more memory than bytes. */
  private static void skip(Schema schema, BinaryDecoder decoder) throws IOException {
    switch (schema.getType()) {
      case RECORD -> {
        for (Schema.Field field : schema.getFields()) {
          skip(field.schema(), decoder);
        }
      }
      case UNION -> skip(schema.getTypes().get(decoder.readIndex()), decoder);
      case MAP -> {
        long entries = 0;
        for (long more = decoder.readMapStart(); more > 0; more = decoder.mapNext()) {
          entries += more;
          if (entries > JsonReader.MAX_ENTRIES) {
            throw new IOException("a map has more than " + JsonReader.MAX_ENTRIES + " entries");
          }
          for (long i = 0; i < more; i++) {
            decoder.skipString();
            skip(schema.getValueType(), decoder);
          }
        }
      }
      default -> GenericDatumReader.skip(schema, decoder);
    }
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
