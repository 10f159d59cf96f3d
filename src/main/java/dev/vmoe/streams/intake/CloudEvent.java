package dev.vmoe.streams.intake;

import dev.vmoe.event.BadRecordException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * An image that came as a CloudEvent: what its answer, a CloudEvent too, has of it.
 *
 * @param id the event's id
 * @param kept subject and extensions, as headers
 */
record CloudEvent(String id, List<Header> kept) {

  /** Type of the event of a prediction. */
  static final String PREDICTION = "dev.vmoe.prediction";

  static final String VERSION = "1.0";

  /** Prefix of the headers that hold an event's attributes. */
  static final String PREFIX = "ce_";

  static final String SPECVERSION = "specversion";
  static final String ID = "id";
  static final String SOURCE = "source";
  static final String TYPE = "type";
  static final String SUBJECT = "subject";
  static final String DATA_CONTENT_TYPE = "datacontenttype";

  /** Attributes that say of an image's event what is not true of its answer. */
  private static final Set<String> OF_THE_IMAGE =
      Set.of(SPECVERSION, ID, SOURCE, TYPE, DATA_CONTENT_TYPE, "dataschema", "time");

  CloudEvent {
    kept = List.copyOf(kept);
  }

  /** Returns whether these are the headers of an event in binary mode. */
  static boolean isIn(Headers headers) {
    return !ImageHeaders.named(headers, PREFIX + SPECVERSION).isEmpty();
  }

  /**
   * Reads an event in binary mode.
   *
   * @throws BadRecordException if it lacks an attribute that every event has
   */
  static CloudEvent of(Headers headers) throws BadRecordException {
    Map<String, String> attributes = new HashMap<>();
    for (String name : List.of(SPECVERSION, SOURCE, TYPE, ID)) {
      String value = ImageHeaders.text(headers, PREFIX + name);
      if (value != null) {
        attributes.put(name, value);
      }
    }
    List<Header> kept = new ArrayList<>();
    for (Header header : headers) {
      String name = header.key().toLowerCase(Locale.ROOT);
      if (isAttribute(name) && !isOfTheImage(name.substring(PREFIX.length()))) {
        kept.add(new RecordHeader(name, header.value()));
      }
    }
    return of(attributes, kept);
  }

  /**
   * Returns an event, in whatever mode it came.
   *
   * @param attributes of {@link #isOfTheImage}, by name
   * @param kept subject and extensions, as headers
   * @throws BadRecordException if it lacks an attribute that every event has
   */
  static CloudEvent of(Map<String, String> attributes, List<Header> kept)
      throws BadRecordException {
    String version = attributes.get(SPECVERSION);
    if (!VERSION.equals(version)) {
      throw new BadRecordException.Refused(
          "the specversion of the CloudEvent is %s, and has to be %s".formatted(version, VERSION));
    }
    for (String name : List.of(SOURCE, TYPE, ID)) {
      if (attributes.getOrDefault(name, "").isEmpty()) {
        throw new BadRecordException.Refused("the CloudEvent has no " + name);
      }
    }
    return new CloudEvent(Objects.requireNonNull(attributes.get(ID)), kept);
  }

  /** Returns whether a header holds an attribute. */
  static boolean isAttribute(String header) {
    return header.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
  }

  /** Returns whether this attribute of an image's event does not go on to its answer. */
  static boolean isOfTheImage(String attribute) {
    return OF_THE_IMAGE.contains(attribute);
  }

  /** Returns the header of an attribute. */
  static Header attribute(String name, String value) {
    return new RecordHeader(PREFIX + name, value.getBytes(StandardCharsets.UTF_8));
  }
}
