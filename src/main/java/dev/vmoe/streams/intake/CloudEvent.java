package dev.vmoe.streams.intake;

import dev.vmoe.event.BadRecordException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * An image that came as a CloudEvent: what its answer, a CloudEvent too, has of it.
 *
 * @param id the event's id
 * @param kept subject and extensions, as headers
 */
record CloudEvent(String id, Headers kept) {

  /** Type of the event of a prediction. */
  static final String PREDICTION = "dev.vmoe.prediction";

  static final String VERSION = "1.0";

  /** Prefix of the headers that hold an event's attributes. */
  static final String PREFIX = "ce_";

  static final String SPECVERSION = "specversion";
  static final String ID = "id";
  static final String SOURCE = "source";
  static final String TYPE = "type";

  /** Attributes that say of an image's event what is not true of its answer. */
  private static final Set<String> OF_THE_IMAGE =
      Set.of(SPECVERSION, ID, SOURCE, TYPE, "datacontenttype", "dataschema", "time");

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
    String version = ImageHeaders.text(headers, PREFIX + SPECVERSION);
    if (!VERSION.equals(version)) {
      throw new BadRecordException.Refused(
          "the specversion of the CloudEvent is %s, and has to be %s".formatted(version, VERSION));
    }
    for (String name : List.of(SOURCE, TYPE, ID)) {
      String value = ImageHeaders.text(headers, PREFIX + name);
      if (value == null || value.isEmpty()) {
        throw new BadRecordException.Refused("the CloudEvent has no " + name);
      }
    }
    Headers kept = NewHeaders.empty();
    for (Header header : headers) {
      String name = header.key().toLowerCase(Locale.ROOT);
      if (isAttribute(name) && !OF_THE_IMAGE.contains(name.substring(PREFIX.length()))) {
        kept.add(name, header.value());
      }
    }
    return new CloudEvent(Objects.requireNonNull(ImageHeaders.text(headers, PREFIX + ID)), kept);
  }

  /** Returns whether a header holds an attribute. */
  static boolean isAttribute(String header) {
    return header.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
  }
}
