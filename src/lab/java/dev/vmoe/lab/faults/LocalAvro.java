package dev.vmoe.lab.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.avro.Schema;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;

/**
 * Reads records that this version wrote, without asking a registry, which may be failing.
 *
 * @param <T> generated class
 */
final class LocalAvro<T extends SpecificRecord> {

  /** A zero and the schema's id. */
  private static final int HEADER_BYTES = 5;

  private final SpecificDatumReader<T> reader;

  LocalAvro(Class<T> type) {
    SpecificData data = SpecificData.getForClass(type);
    Schema schema = data.getSchema(type);
    reader = new SpecificDatumReader<>(schema, schema, data);
  }

  /** Returns the record. */
  T read(byte[] value) {
    try {
      return reader.read(
          null,
          DecoderFactory.get()
              .binaryDecoder(value, HEADER_BYTES, value.length - HEADER_BYTES, null));
    } catch (IOException e) {
      throw new UncheckedIOException("an event of an instance cannot be read", e);
    }
  }
}
