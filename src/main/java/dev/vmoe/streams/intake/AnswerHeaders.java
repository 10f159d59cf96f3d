package dev.vmoe.streams.intake;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The headers that an answer begins with. The sender's own go on from the image's record. What
 * describes the bytes of that record does not: the answer's bytes are others.
 *
 * @param source what the answers to CloudEvents name as their source
 */
record AnswerHeaders(String source) {

  /** Beginnings of names that describe a record's value. */
  private static final Set<String> PREFIXES = Set.of("content-", "apicurio.value.");

  /** Names that describe a record's value, in lower case: of Spring and of Confluent's client. */
  private static final Set<String> OF_THE_VALUE =
      Set.of(
          "contenttype",
          "originalcontenttype",
          "__typeid__",
          "__contenttypeid__",
          "__value_schema_id");

  /** Returns the headers of the image's sender that go on; for a CloudEvent, its attributes too. */
  static Headers carried(Headers image, @Nullable CloudEvent event) {
    Headers carried = NewHeaders.empty();
    for (Header header : image) {
      boolean ofTheEvent = event != null && CloudEvent.isAttribute(header.key());
      if (!ofTheEvent && !describesTheImage(header.key())) {
        carried.add(header);
      }
    }
    if (event != null) {
      event.kept().forEach(carried::add);
    }
    return carried;
  }

  private static boolean describesTheImage(String header) {
    String name = header.toLowerCase(Locale.ROOT);
    return ImageHeaders.isOne(name)
        || OF_THE_VALUE.contains(name)
        || PREFIXES.stream().anyMatch(name::startsWith);
  }

  /** Adds what makes the answer to a CloudEvent one itself. A repeated answer has the same id. */
  void identify(Headers answer, RecordMetadata image) {
    String id = image.topic() + "-" + image.partition() + "-" + image.offset();
    add(answer, CloudEvent.SPECVERSION, CloudEvent.VERSION);
    add(answer, CloudEvent.ID, id);
    add(answer, CloudEvent.SOURCE, source);
    add(answer, CloudEvent.TYPE, CloudEvent.PREDICTION);
  }

  private static void add(Headers answer, String attribute, String value) {
    answer.add(CloudEvent.PREFIX + attribute, value.getBytes(StandardCharsets.UTF_8));
  }
}
