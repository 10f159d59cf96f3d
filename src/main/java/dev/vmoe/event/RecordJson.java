package dev.vmoe.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.IndexedRecord;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON. Events are written as one object with the field names of their schema. For
 * people and scripts any record is printed, with the fields that it was written with; of bytes
 * (images), only the length is printed: {@code {"bytes": 12345}}.
 */
public final class RecordJson {

  private static final ObjectMapper MAPPER = new ObjectMapper(JsonReader.FACTORY);
  private static final JsonNodeFactory NODES = MAPPER.getNodeFactory();

  /**
   * Without Avro's faster reader, which makes objects of the classes that a schema names
   * (java-class).
   */
  private static final GenericData PLAIN = new GenericData();

  static {
    PLAIN.setFastReaderEnabled(false);
  }

  private static final String TOO_DEEP = "it is nested more deeply than can be printed";

  private final RegistryClient registry;

  /** Creates a printer that asks this registry for schemas. */
  public RecordJson(RegistryClient registry) {
    this.registry = registry;
  }

  /** Returns an event or a request as it is written: JSON in UTF-8, without line breaks. */
  public static byte[] bytes(SpecificRecord record) {
    return json(record, NODES::binaryNode).toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Returns topic, partition, offset, timestamp, key, headers and value as one line of JSON.
   *
   * @throws RegistryUnavailableException if the registry does not answer in time
   */
  public String line(ConsumerRecord<byte[], byte[]> record) {
    ObjectNode json = MAPPER.createObjectNode();
    json.put("topic", record.topic());
    json.put("partition", record.partition());
    json.put("offset", record.offset());
    json.put("timestamp", record.timestamp());
    json.set("key", text(record.key()));
    json.set("headers", headers(record.headers()));
    json.set("value", value(record.value()));
    return json.toString();
  }

  private static JsonNode text(byte @Nullable [] bytes) {
    return bytes == null
        ? NODES.nullNode()
        : NODES.textNode(new String(bytes, StandardCharsets.UTF_8));
  }

  /** Returns one value for each name; a list of values for a repeated name. */
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
    if (!WireFormat.matches(value) && !JsonReader.isObject(value)) {
      return bytes(value.length);
    }
    try {
      if (JsonReader.isObject(value)) {
        return withoutImages(MAPPER.readTree(value));
      }
      Schema schema = registry.schema(WireFormat.schemaId(value));
      GenericDatumReader.skip(schema, WireFormat.decoder(value));
      return json(
          new GenericDatumReader<>(schema, schema, PLAIN).read(null, WireFormat.decoder(value)),
          bytes -> bytes(bytes.length));
    } catch (BadRecordException | IOException | RuntimeException e) {
      if (e instanceof RegistryUnavailableException unavailable) {
        throw unavailable;
      }
      return bytes(value.length).put("unreadable", String.valueOf(e.getMessage()));
    } catch (StackOverflowError e) {
      return bytes(value.length).put("unreadable", TOO_DEEP);
    }
  }

  /** Replaces base64 of images, also in a CloudEvent, and of features by the number of bytes. */
  private static JsonNode withoutImages(JsonNode json) {
    if (json instanceof ObjectNode object) {
      for (String name : List.of("image", "data_base64", "features")) {
        if (object.path(name).isTextual()) {
          object.set(name, bytes(object.path(name).textValue().length() / 4 * 3));
        }
      }
      withoutImages(object.path("data"));
    }
    return json;
  }

  private static ObjectNode bytes(int length) {
    return MAPPER.createObjectNode().put("bytes", length);
  }

  private static JsonNode json(@Nullable Object datum, Function<byte[], JsonNode> ofBytes) {
    if (datum instanceof IndexedRecord record) {
      ObjectNode json = MAPPER.createObjectNode();
      for (Schema.Field field : record.getSchema().getFields()) {
        json.set(field.name(), json(record.get(field.pos()), ofBytes));
      }
      return json;
    }
    if (datum instanceof Collection<?> items) {
      ArrayNode json = MAPPER.createArrayNode();
      items.forEach(item -> json.add(json(item, ofBytes)));
      return json;
    }
    if (datum instanceof Map<?, ?> map) {
      ObjectNode json = MAPPER.createObjectNode();
      map.forEach((key, item) -> json.set(String.valueOf(key), json(item, ofBytes)));
      return json;
    }
    if (datum instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return ofBytes.apply(bytes);
    }
    if (datum instanceof Instant time) {
      return NODES.numberNode(time.toEpochMilli());
    }
    if (datum instanceof Number number && !Double.isFinite(number.doubleValue())) {
      return NODES.nullNode(); // JSON has no such number
    }
    if (datum instanceof Double number) {
      return NODES.numberNode(number.doubleValue());
    }
    if (datum instanceof Float number) {
      return NODES.numberNode(number.floatValue());
    }
    if (datum instanceof Number number) {
      return NODES.numberNode(number.longValue());
    }
    if (datum instanceof Boolean is) {
      return NODES.booleanNode(is);
    }
    return datum == null ? NODES.nullNode() : NODES.textNode(datum.toString());
  }
}
