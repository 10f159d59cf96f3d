package dev.vmoe.streams.intake;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonReader;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A CloudEvent in structured mode: attributes and data in one JSON object. Exactly one of {@link
 * #image} and {@link #bytes} is there.
 *
 * @param event what its answer has of it
 * @param contentType media type of the data; null where the event does not say
 * @param image data that is a request in JSON
 * @param bytes data that came in base64
 */
@SuppressWarnings("ArrayRecordComponent")
record StructuredEvent(
    CloudEvent event,
    @Nullable String contentType,
    @Nullable ImageRequest image,
    byte @Nullable [] bytes) {

  static final String MEDIA_TYPE = "application/cloudevents+json";

  private static final String DATA = "data";
  private static final String DATA_BASE64 = "data_base64";
  private static final Pattern EXTENSION = Pattern.compile("[a-z0-9]+");

  /** The fields of the object, as they come. */
  private static final class Fields {
    final Map<String, String> attributes = new HashMap<>();
    final List<Header> kept = new ArrayList<>();
    @Nullable ImageRequest image;
    byte @Nullable [] bytes;
    private long keptBytes;

    /** Keeps a header, while there are not more than a prediction can carry. */
    void keep(JsonParser parser, Header header) throws IOException {
      count(parser, header.key().length(), header.value().length);
      kept.add(header);
    }

    /** Counts an entry as it comes: millions of them fit into one record. */
    void count(JsonParser parser, int nameBytes, int valueBytes) throws IOException {
      keptBytes += RecordSize.entry(nameBytes, valueBytes);
      if (keptBytes > TopicPlan.MAX_CARRIED_BYTES) {
        throw new JsonParseException(
            parser,
            "subject and extensions of the CloudEvent are more than the %d bytes that a prediction carries"
                .formatted(TopicPlan.MAX_CARRIED_BYTES));
      }
    }
  }

  /**
   * Reads an event.
   *
   * @throws BadRecordException if it is none, or its data is no image
   */
  static StructuredEvent read(byte[] value, JsonReader<ImageRequest> images)
      throws BadRecordException {
    Fields fields = JsonReader.whole(value, parser -> fields(parser, images));
    CloudEvent event = CloudEvent.of(fields.attributes, fields.kept);
    if ((fields.image == null) == (fields.bytes == null)) {
      throw new BadRecordException.Refused(
          "the CloudEvent needs either data, an image request in JSON, or data_base64");
    }
    return new StructuredEvent(
        event, fields.attributes.get(CloudEvent.DATA_CONTENT_TYPE), fields.image, fields.bytes);
  }

  private static Fields fields(JsonParser parser, JsonReader<ImageRequest> images)
      throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      throw new JsonParseException(parser, "the value is not an object");
    }
    Fields fields = new Fields();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      if (parser.nextToken() == JsonToken.VALUE_NULL) {
        fields.count(parser, name.length(), 0); // its name is kept to find it again
        continue; // else as if it were not there
      }
      switch (name) {
        case DATA -> fields.image = images.read(parser);
        case DATA_BASE64 -> fields.bytes = JsonReader.base64(parser, name);
        case CloudEvent.SUBJECT ->
            fields.keep(parser, CloudEvent.attribute(name, JsonReader.text(parser, name)));
        default -> {
          if (CloudEvent.isOfTheImage(name)) {
            fields.attributes.put(name, JsonReader.text(parser, name));
          } else {
            fields.keep(parser, extension(parser, name));
          }
        }
      }
    }
    return fields;
  }

  private static Header extension(JsonParser parser, String name) throws IOException {
    if (!EXTENSION.matcher(name).matches()) {
      throw new JsonParseException(
          parser, "'%s' is no name of an extension: a to z and 0 to 9".formatted(name));
    }
    return switch (parser.currentToken()) {
      case VALUE_STRING -> CloudEvent.attribute(name, JsonReader.text(parser, name));
      case VALUE_NUMBER_INT, VALUE_TRUE, VALUE_FALSE ->
          CloudEvent.attribute(name, parser.getText());
      default ->
          throw new JsonParseException(
              parser, "the extension " + name + " is not a text, a whole number or a boolean");
    };
  }
}
