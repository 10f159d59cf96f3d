package dev.vmoe.event;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.apache.avro.Schema;
import org.apache.avro.util.internal.JacksonUtils;

/** The JSON Schemas of events and requests, made from the Avro schemas. */
public final class JsonSchemas {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final JsonNodeFactory NODES = MAPPER.getNodeFactory();

  private JsonSchemas() {}

  /** Returns the file of a JSON Schema. */
  static Path file(String name) {
    return Path.of(System.getProperty("vmoe.home", "."), "schemas", name + ".schema.json");
  }

  /** Returns what a JSON Schema of the checkout finds wrong with a document. */
  public static List<String> problems(String name, byte[] document) throws IOException {
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
        .getSchema(MAPPER.readTree(file(name).toFile()))
        .validate(MAPPER.readTree(document))
        .stream()
        .map(ValidationMessage::getMessage)
        .toList();
  }

  /**
   * Returns the JSON Schema of a record, as text.
   *
   * @param closed whether a field that does not exist is an error
   */
  static String of(Schema record, boolean closed) {
    ObjectNode definitions = NODES.objectNode();
    ObjectNode json = NODES.objectNode();
    json.put("$schema", "https://json-schema.org/draft/2020-12/schema");
    json.put("title", record.getName());
    json.setAll(object(record, closed, definitions));
    if (!definitions.isEmpty()) {
      json.set("$defs", definitions);
    }
    return json.toPrettyString() + "\n";
  }

  private static ObjectNode object(Schema record, boolean closed, ObjectNode definitions) {
    ObjectNode json = NODES.objectNode();
    json.put("description", record.getDoc());
    json.put("type", "object");
    ObjectNode properties = json.putObject("properties");
    ArrayNode required = NODES.arrayNode();
    for (Schema.Field field : record.getFields()) {
      ObjectNode property = type(field.schema(), closed, definitions);
      property.put("description", field.doc());
      if (field.hasDefaultValue()) {
        property.set("default", JacksonUtils.toJsonNode(field.defaultVal()));
      } else {
        required.add(field.name());
      }
      properties.set(field.name(), property);
    }
    json.set("required", required);
    if (closed) {
      json.put("additionalProperties", false);
    }
    return json;
  }

  private static ObjectNode type(Schema schema, boolean closed, ObjectNode definitions) {
    ObjectNode json = NODES.objectNode();
    switch (schema.getType()) {
      case RECORD -> {
        if (!definitions.has(schema.getName())) {
          definitions.set(schema.getName(), object(schema, closed, definitions));
        }
        json.put("$ref", "#/$defs/" + schema.getName());
      }
      case UNION -> {
        json.setAll(type(schema.getTypes().get(1), closed, definitions));
        JsonNode type = json.get("type");
        json.putArray("type").add(type).add("null");
      }
      case ARRAY -> {
        json.put("type", "array");
        json.set("items", type(schema.getElementType(), closed, definitions));
      }
      case MAP -> {
        json.put("type", "object");
        json.set("additionalProperties", type(schema.getValueType(), closed, definitions));
      }
      case STRING -> json.put("type", "string");
      case BYTES -> json.put("type", "string").put("contentEncoding", "base64");
      case INT, LONG -> json.put("type", "integer");
      case FLOAT, DOUBLE -> json.put("type", "number");
      default -> throw new IllegalArgumentException("no JSON is defined for " + schema);
    }
    return json;
  }
}
