package dev.vmoe.event;

import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.jspecify.annotations.Nullable;

/** Schemas that others wrote records with, as the registry has them. */
final class WriterSchema {

  private WriterSchema() {}

  /**
   * Returns a schema from its text.
   *
   * @param json null where the registry's client could not read it
   * @throws BadRecordException if values cannot be read by it
   */
  static Schema of(int id, @Nullable String json) throws BadRecordException {
    if (json == null) {
      throw new BadRecordException.UnresolvableSchema(
          "the schema with id " + id + " is no Avro schema that can be read", null);
    }
    try {
      Schema schema = new Schema.Parser().parse(json);
      if (WireFormat.hasArrayOfNothing(schema)) {
        throw new BadRecordException.UnresolvableSchema(
            "schema id %d (%s) has an array whose items take no bytes: its length could be anything"
                .formatted(id, schema.getFullName()),
            null);
      }
      return schema;
    } catch (AvroRuntimeException e) {
      throw new BadRecordException.UnresolvableSchema(
          "the schema with id " + id + " is no Avro schema: " + e.getMessage(), e);
    }
  }
}
