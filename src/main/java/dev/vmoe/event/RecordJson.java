package dev.vmoe.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Records as people and scripts read them: one JSON object each, with the fields that the record
 * was written with. Bytes (images) are given as their number: {@code {"bytes": 12345}}.
 */
public final class RecordJson {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = MAPPER.getNodeFactory();

  /** Avro's faster reader makes objects of the classes that a schema names (java-class). */
  private static final GenericData PLAIN = new GenericData();

  static {
    PLAIN.setFastReaderEnabled(false);
  }

  private final RegistryClient registry;

  /** Creates a view that asks this registry for schemas. */
  public RecordJson(RegistryClient registry) {
    this.registry = registry;
  }

  /**
   * Returns one line of JSON.
   *
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public String line(ConsumerRecord<byte[], byte[]> record) {
    return of(record).toString();
  }

  /** Returns topic, partition, offset, timestamp, key, headers and value. */
  public ObjectNode of(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("topic", record.topic());
    json.put("partition", record.partition());
    json.put("offset", record.offset());
    json.put("timestamp", record.timestamp());
    json.set("key", text(record.key()));
    json.set("headers", headers(record.headers()));
    json.set("value", value(record.value()));
    return json;
  }

  private static JsonNode text(byte @Nullable [] bytes) {
    return bytes == null
        ? NODES.nullNode()
        : NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
  }

  /** A name that occurs once has its value, one that is repeated the list of its values. */
  private static ObjectNode headers(Iterable<Header> headers) {
    ObjectNode json = MAPPER.createObjectNode();
    for (Header header : headers) {
      JsonNode earlier = json.get(header.key());
      if (earlier == null) {
        json.set(header.key(), text(header.value()));
      } else if (earlier instanceof ArrayNode values) {
        values.add(text(header.value()));
      } else {
        json.set(header.key(), MAPPER.createArrayNode().add(earlier).add(text(header.value())));
      }
    }
    return json;
  }

  private JsonNode value(byte @Nullable [] value) {
    if (value == null) {
      return NODES.nullNode();
    }
    if (value.length < AvroSerializer.HEADER_BYTES || value[0] != AvroSerializer.MAGIC) {
      return bytes(value.length);
    }
    try {
      Schema schema = registry.schema(ByteBuffer.wrap(value, 1, Integer.BYTES).getInt());
      // Finds out a length that promises gigabytes before it is believed.
      GenericDatumReader.skip(schema, decoder(value));
      return json(new GenericDatumReader<>(schema, schema, PLAIN).read(null, decoder(value)));
    } catch (BadRecordException | IOException | RuntimeException e) {
      if (e instanceof RegistryUnavailableException unavailable) {
        throw unavailable;
      }
      return bytes(value.length).put("unreadable", String.valueOf(e.getMessage()));
    }
  }

  private static BinaryDecoder decoder(byte[] value) {
    return DecoderFactory.get()
        .binaryDecoder(
            value, AvroSerializer.HEADER_BYTES, value.length - AvroSerializer.HEADER_BYTES, null);
  }

  private static ObjectNode bytes(int length) {
    return MAPPER.createObjectNode().put("bytes", length);
  }

  private static JsonNode json(@Nullable Object datum) {
    if (datum instanceof IndexedRecord record) {
      ObjectNode json = MAPPER.createObjectNode();
      for (Schema.Field field : record.getSchema().getFields()) {
        json.set(field.name(), json(record.get(field.pos())));
      }
      return json;
    }
    if (datum instanceof Collection<?> items) {
      ArrayNode json = MAPPER.createArrayNode();
      items.forEach(item -> json.add(json(item)));
      return json;
    }
    if (datum instanceof Map<?, ?> map) {
      ObjectNode json = MAPPER.createObjectNode();
      map.forEach((key, item) -> json.set(String.valueOf(key), json(item)));
      return json;
    }
    if (datum instanceof ByteBuffer buffer) {
      return bytes(buffer.remaining());
    }
    if (datum instanceof Number || datum instanceof Boolean) {
      return MAPPER.valueToTree(datum);
    }
    return datum == null ? NODES.nullNode() : NODES.textNode(datum.toString());
  }
}
