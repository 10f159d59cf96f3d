package dev.vmoe.event;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * Reads a generated record from one JSON object whose fields have the names of the record's Avro
 * schema; bytes are base64. A field with a default may be missing.
 *
 * <p>The schema decides how deep it reads, and base64 is decoded as it is read: no tree is built of
 * what a sender made up.
 *
 * @param <T> generated class
 */
public final class JsonReader<T extends SpecificRecord> {

  /** JSON without repeated names, and with bounds on what little text could make expensive. */
  static final JsonFactory FACTORY =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(16)
                  .maxNumberLength(100)
                  .maxNameLength(1024)
                  .maxStringLength(Integer.MAX_VALUE) // the record's size bounds it
                  .build())
          .build();

  /** With or without the padding at the end. */
  private static final Base64Variant BASE64 = Base64Variants.MIME_NO_LINEFEEDS.withPaddingAllowed();

  /** Maximum entries of a map: far more than a prediction may carry. */
  static final int MAX_ENTRIES = 32 * 1024;

  private final SpecificData data;
  private final Schema schema;
  private final boolean ofEvents;

  private JsonReader(Class<T> type, boolean ofEvents) {
    this.data = SpecificData.getForClass(type);
    this.schema = data.getSchema(type);
    this.ofEvents = ofEvents;
  }

  /**
   * Creates a reader of events: it skips fields that a later version has added, and reads a number
   * that is null as NaN.
   */
  public static <T extends SpecificRecord> JsonReader<T> ofEvents(Class<T> type) {
    return new JsonReader<>(type, true);
  }

  /** Creates a reader of requests: it refuses a field that does not exist, as misspelt. */
  public static <T extends SpecificRecord> JsonReader<T> ofRequests(Class<T> type) {
    return new JsonReader<>(type, false);
  }

  /** Returns whether a value begins as a JSON object, and so neither as Avro nor as an image. */
  public static boolean isObject(byte[] value) {
    return value.length > 0 && value[0] == '{';
  }

  /**
   * Reads a record.
   *
   * @throws BadRecordException if the text is not such an object
   */
  @SuppressWarnings("unchecked")
  public T read(byte[] text) throws BadRecordException {
    try (JsonParser parser = FACTORY.createParser(text)) {
      parser.nextToken();
      T read = (T) record(parser, schema, "the value");
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "something follows behind the object");
      }
      return read;
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      throw new BadRecordException.NotJson(
          "the value is not the JSON that is expected: %s%s"
              .formatted(
                  e.getOriginalMessage(),
                  at == null
                      ? ""
                      : " (line %d, column %d)".formatted(at.getLineNr(), at.getColumnNr())),
          e);
    } catch (IOException | RuntimeException e) {
      throw new BadRecordException.NotJson("the value cannot be read as JSON: " + e, e);
    }
  }

  private SpecificRecord record(JsonParser parser, Schema of, String name) throws IOException {
    require(parser, JsonToken.START_OBJECT, name, "an object");
    SpecificRecord record = (SpecificRecord) data.newRecord(null, of);
    boolean[] read = new boolean[of.getFields().size()];
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String its = parser.currentName();
      Schema.Field field = of.getField(its);
      parser.nextToken();
      if (field != null) {
        record.put(field.pos(), value(parser, field.schema(), its));
        read[field.pos()] = true;
      } else if (ofEvents) {
        parser.skipChildren();
      } else {
        throw new JsonParseException(
            parser, "there is no field '%s', but %s".formatted(its, names(of)));
      }
    }
    for (Schema.Field field : of.getFields()) {
      if (!read[field.pos()]) {
        if (!field.hasDefaultValue()) {
          throw new JsonParseException(parser, "the field " + field.name() + " is missing");
        }
        record.put(field.pos(), data.getDefaultValue(field));
      }
    }
    return record;
  }

  private static String names(Schema schema) {
    return schema.getFields().stream().map(Schema.Field::name).collect(Collectors.joining(", "));
  }

  private @Nullable Object value(JsonParser parser, Schema of, String name) throws IOException {
    return switch (of.getType()) {
      case RECORD -> record(parser, of, name);
      case UNION -> optional(parser, of, name);
      case ARRAY -> list(parser, of.getElementType(), name);
      case MAP -> map(parser, of.getValueType(), name);
      case STRING -> text(parser, name);
      case BYTES -> ByteBuffer.wrap(base64(parser, name));
      case INT -> wholeNumber(parser, name).getIntValue();
      case LONG -> {
        long number = wholeNumber(parser, name).getLongValue();
        yield of.getLogicalType() == null ? number : Instant.ofEpochMilli(number);
      }
      case FLOAT -> (float) number(parser, name);
      case DOUBLE -> number(parser, name);
      default -> throw new IllegalStateException("no JSON is defined for " + of);
    };
  }

  /** Unions of these schemas are null and one other type. */
  private @Nullable Object optional(JsonParser parser, Schema of, String name) throws IOException {
    return parser.currentToken() == JsonToken.VALUE_NULL
        ? null
        : value(parser, of.getTypes().get(1), name);
  }

  private List<@Nullable Object> list(JsonParser parser, Schema of, String name)
      throws IOException {
    require(parser, JsonToken.START_ARRAY, name, "a list");
    List<@Nullable Object> list = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      list.add(value(parser, of, name));
    }
    return list;
  }

  private Map<String, @Nullable Object> map(JsonParser parser, Schema of, String name)
      throws IOException {
    require(parser, JsonToken.START_OBJECT, name, "an object");
    Map<String, @Nullable Object> map = new HashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String key = unicode(parser, parser.currentName(), name);
      parser.nextToken();
      map.put(key, value(parser, of, name + "." + key));
      if (map.size() > MAX_ENTRIES) {
        throw new JsonParseException(parser, name + " has more than " + MAX_ENTRIES + " entries");
      }
    }
    return map;
  }

  private static String text(JsonParser parser, String name) throws IOException {
    require(parser, JsonToken.VALUE_STRING, name, "a text");
    return unicode(parser, parser.getText(), name);
  }

  /** Half of a surrogate pair can be escaped in JSON, but not be written as UTF-8. */
  private static String unicode(JsonParser parser, String text, String name) throws IOException {
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(text)) {
      throw new JsonParseException(parser, name + " has half of a surrogate pair");
    }
    return text;
  }

  private static byte[] base64(JsonParser parser, String name) throws IOException {
    require(parser, JsonToken.VALUE_STRING, name, "a text in base64");
    return parser.getBinaryValue(BASE64);
  }

  private static JsonParser wholeNumber(JsonParser parser, String name) throws IOException {
    require(parser, JsonToken.VALUE_NUMBER_INT, name, "a whole number");
    return parser;
  }

  /** In an event, null stands for NaN, which JSON does not have. */
  private double number(JsonParser parser, String name) throws IOException {
    if (ofEvents && parser.currentToken() == JsonToken.VALUE_NULL) {
      return Double.NaN;
    }
    if (parser.currentToken() != JsonToken.VALUE_NUMBER_INT) {
      require(parser, JsonToken.VALUE_NUMBER_FLOAT, name, "a number");
    }
    return parser.getDoubleValue();
  }

  private static void require(JsonParser parser, JsonToken token, String name, String expected)
      throws IOException {
    if (parser.currentToken() != token) {
      throw new JsonParseException(parser, name + " is not " + expected);
    }
  }
}
