package dev.vmoe.event;

import java.util.Optional;
import org.apache.avro.Schema;

/** Has the schemas of ids. */
@FunctionalInterface
public interface SchemaSource {

  /**
   * Returns the schema with this id; empty while it is not known yet.
   *
   * @throws BadRecordException if there is none, or it cannot be used
   */
  Optional<Schema> schema(int id) throws BadRecordException;
}
