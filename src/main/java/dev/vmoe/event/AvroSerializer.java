package dev.vmoe.event;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * Writes a generated record in Confluent's {@link WireFormat}.
 *
 * @param <T> generated class
 */
public final class AvroSerializer<T extends SpecificRecord> implements Serializer<T> {

  /** Generated classes write themselves so, which is several times as fast. */
  private static final ClassValue<SpecificData> CODERS =
      new ClassValue<>() {
        @Override
        protected SpecificData computeValue(Class<?> type) {
          SpecificData coders = new SpecificData();
          coders.setCustomCoders(true);
          SpecificData.getForClass(type).getConversions().forEach(coders::addLogicalTypeConversion);
          return coders;
        }
      };

  private final RegistryClient registry;
  private final Map<String, Integer> ids = new ConcurrentHashMap<>();

  /**
   * Creates a serializer that registers the record's schema with the first record of a topic,
   * unless the registry's client knows its id.
   */
  public AvroSerializer(RegistryClient registry) {
    this.registry = registry;
  }

  @Override
  public byte @Nullable [] serialize(String topic, @Nullable T value) {
    if (value == null) {
      return null;
    }
    int id = ids.computeIfAbsent(topic, name -> registry.id(name, value.getSchema()));
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      bytes.writeBytes(WireFormat.header(id));
      BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
      new SpecificDatumWriter<T>(value.getSchema(), CODERS.get(value.getClass()))
          .write(value, encoder);
      encoder.flush();
      return bytes.toByteArray();
    } catch (IOException | RuntimeException e) {
      throw new SerializationException(
          "cannot write a " + value.getSchema().getFullName() + " for topic " + topic, e);
    }
  }
}
