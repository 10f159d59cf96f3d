package dev.vmoe.event;

import org.apache.avro.specific.SpecificRecord;

/**
 * Reads an event in whichever format it was written.
 *
 * @param <T> generated class
 */
public final class EventReader<T extends SpecificRecord> {

  private final AvroDeserializer<T> avro;
  private final JsonReader<T> json;

  /** Creates a reader of events of this generated class. */
  public EventReader(RegistryClient registry, Class<T> type) {
    this.avro = new AvroDeserializer<>(registry, type);
    this.json = JsonReader.ofEvents(type);
  }

  /**
   * Reads an event.
   *
   * @throws BadRecordException if the bytes are not such an event
   * @throws RegistryUnavailableException if the registry is needed and does not answer in time
   */
  public T read(byte[] value) throws BadRecordException {
    return JsonReader.isObject(value) ? json.read(value) : avro.read(value);
  }
}
