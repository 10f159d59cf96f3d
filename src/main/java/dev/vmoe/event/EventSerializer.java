package dev.vmoe.event;

import dev.vmoe.streams.settings.EventFormat;
import java.nio.charset.StandardCharsets;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes an event in the format that the settings choose, and names it in the header {@code
 * content-type}.
 *
 * @param <T> generated class
 */
public final class EventSerializer<T extends SpecificRecord> implements Serializer<T> {

  /** Record header that names the media type of the value. */
  public static final String CONTENT_TYPE = "content-type";

  private final EventFormat format;
  private final AvroSerializer<T> avro;

  /** Creates a serializer; only Avro needs the registry. */
  public EventSerializer(EventFormat format, RegistryClient registry) {
    this.format = format;
    this.avro = new AvroSerializer<>(registry);
  }

  @Override
  public byte @Nullable [] serialize(String topic, Headers headers, @Nullable T event) {
    headers.remove(CONTENT_TYPE);
    headers.add(CONTENT_TYPE, format.contentType().getBytes(StandardCharsets.US_ASCII));
    return serialize(topic, event);
  }

  @Override
  public byte @Nullable [] serialize(String topic, @Nullable T event) {
    return event == null || format == EventFormat.AVRO
        ? avro.serialize(topic, event)
        : RecordJson.bytes(event);
  }
}
