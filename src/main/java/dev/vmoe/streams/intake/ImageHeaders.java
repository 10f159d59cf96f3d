package dev.vmoe.streams.intake;

import dev.vmoe.event.BadRecordException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * What the headers of a record say of its image. It counts before what the value says. The names of
 * headers may be written in capitals or not.
 *
 * @param id what the sender calls the image
 * @param label true class
 * @param priority how much the image matters beside others
 * @param deadlineMs when its prediction has to be readable, in milliseconds since 1970
 */
record ImageHeaders(
    @Nullable String id,
    @Nullable String label,
    @Nullable Float priority,
    @Nullable Long deadlineMs) {

  static final String ID = "vmoe-id";
  static final String LABEL = "vmoe-label";
  static final String PRIORITY = "vmoe-priority";
  static final String DEADLINE = "vmoe-deadline";

  private static final String PREFIX = "vmoe-";
  private static final List<String> NAMES = List.of(ID, LABEL, PRIORITY, DEADLINE);

  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,9}(\\.\\d{1,20})?");
  private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,18}");

  /**
   * Reads the headers.
   *
   * @throws BadRecordException if one of them is not what it should be, or has a name that only
   *     looks like one of these
   */
  static ImageHeaders of(Headers headers) throws BadRecordException {
    for (Header header : headers) {
      if (isOne(header.key()) && NAMES.stream().noneMatch(header.key()::equalsIgnoreCase)) {
        throw new BadRecordException.Refused(
            "there is no header '%s', but %s".formatted(header.key(), String.join(", ", NAMES)));
      }
    }
    String priority = matching(headers, PRIORITY, NUMBER, "a number such as 0.5");
    String deadline =
        matching(headers, DEADLINE, WHOLE_NUMBER, "a time in milliseconds since 1970");
    return new ImageHeaders(
        text(headers, ID),
        text(headers, LABEL),
        priority == null ? null : Float.valueOf(priority),
        deadline == null ? null : Long.valueOf(deadline));
  }

  /** Returns whether a header is meant for the pipeline. */
  static boolean isOne(String header) {
    return header.regionMatches(true, 0, PREFIX, 0, PREFIX.length());
  }

  private static @Nullable String matching(
      Headers headers, String name, Pattern pattern, String expected) throws BadRecordException {
    String text = text(headers, name);
    if (text != null && !pattern.matcher(text).matches()) {
      throw new BadRecordException.Refused(
          "the header %s is '%s', not %s".formatted(name, text, expected));
    }
    return text;
  }

  /**
   * Returns the text of a header; null without such a header.
   *
   * @throws BadRecordException if it comes several times, has no value or is not UTF-8
   */
  static @Nullable String text(Headers headers, String name) throws BadRecordException {
    List<Header> all = named(headers, name);
    if (all.isEmpty()) {
      return null;
    }
    if (all.size() > 1) {
      throw new BadRecordException.Refused("the header " + name + " comes more than once");
    }
    byte[] value = all.get(0).value();
    if (value == null) {
      throw new BadRecordException.Refused("the header " + name + " has no value");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value)).toString();
    } catch (CharacterCodingException e) {
      throw new BadRecordException.Refused("the header " + name + " is not text in UTF-8");
    }
  }

  /** Returns the headers of this name, in capitals or not. */
  static List<Header> named(Headers headers, String name) {
    List<Header> named = new ArrayList<>();
    for (Header header : headers) {
      if (header.key().equalsIgnoreCase(name)) {
        named.add(header);
      }
    }
    return named;
  }
}
