package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.intake.NewHeaders;
import dev.vmoe.streams.intake.RecordSize;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * A record that cannot be answered, on its way to the dead-letter topic: key, value and headers as
 * they came, and the reason in the headers that KIP-1034 names.
 *
 * <p>A record that came compressed may be larger than what may be sent, which is counted
 * uncompressed. Then its value is left out, and if need be its headers and its key; the reason says
 * so, and where they are.
 */
final class DeadLetter {

  /** Kind of an image that could not be in time: no exception, and the same in all versions. */
  static final String EXPIRED = "dev.vmoe.Expired";

  /** Kind of an image whose decoding did not end. */
  static final String TIMEOUT = "dev.vmoe.Timeout";

  static final String EXCEPTION = "__streams.errors.exception";
  private static final String BAD_IMAGE = "dev.vmoe.image.BadImageException";

  static final String MESSAGE = "__streams.errors.message";
  static final String STACKTRACE = "__streams.errors.stacktrace";
  static final String TOPIC = "__streams.errors.topic";
  static final String PARTITION = "__streams.errors.partition";
  static final String OFFSET = "__streams.errors.offset";

  /** Keeps the headers well below the room that the dead-letter topic leaves for them. */
  private static final int MAX_TEXT_CHARS = 8 * 1024;

  private DeadLetter() {}

  /** Returns the kind of failure: that of the refusal, or one of the kinds above. */
  static String kind(Answer.Rejected<QueuedRecord> rejected) {
    BadRecordException refusal = rejected.origin().refusal();
    return switch (rejected.cause()) {
      case EXPIRED -> EXPIRED;
      case TIMEOUT -> TIMEOUT;
      case IMAGE -> refusal == null ? BAD_IMAGE : refusal.kind();
    };
  }

  /**
   * Returns the dead letter of a record.
   *
   * @param rejected the record, and why it was given up
   * @param maxBytes the largest record that may be sent
   * @param sending adds the trace to headers that are about to be sent
   */
  static Record<byte[], byte[]> of(
      Answer.Rejected<QueuedRecord> rejected, long maxBytes, Consumer<Headers> sending) {
    Record<byte[], byte[]> record = rejected.origin().record();
    Headers whole = withTrace(record.headers(), sending);
    Record<byte[], byte[]> letter =
        record.withHeaders(
            withErrors(
                whole,
                rejected,
                bounded(rejected.reason()),
                stackTrace(rejected.origin().refusal())));
    if (fits(letter, maxBytes)) {
      return letter;
    }
    String left = "value of " + RecordSize.length(record.value()) + " bytes";
    letter =
        record
            .withValue((byte[]) null)
            .withHeaders(withErrors(whole, rejected, leftOut(rejected, left), null));
    if (fits(letter, maxBytes)) {
      return letter;
    }
    Headers bare = withTrace(NewHeaders.empty(), sending);
    left += " and headers of " + RecordSize.of(record.headers()) + " bytes";
    letter = letter.withHeaders(withErrors(bare, rejected, leftOut(rejected, left), null));
    if (fits(letter, maxBytes)) {
      return letter;
    }
    left += " and key of " + RecordSize.length(record.key()) + " bytes";
    return letter
        .withKey((byte[]) null)
        .withHeaders(withErrors(bare, rejected, leftOut(rejected, left), null));
  }

  private static Headers withTrace(Headers originals, Consumer<Headers> sending) {
    Headers headers = NewHeaders.copyOf(originals);
    sending.accept(headers);
    return headers;
  }

  private static boolean fits(Record<byte[], byte[]> letter, long maxBytes) {
    return RecordSize.of(letter.key(), letter.value(), letter.headers()) <= maxBytes;
  }

  private static String leftOut(Answer.Rejected<QueuedRecord> rejected, String left) {
    RecordMetadata position = rejected.origin().position();
    return bounded(rejected.reason())
        + "; "
        + left
        + " left out, too large to be sent: it is at "
        + position.topic()
        + "/"
        + position.partition()
        + "/"
        + position.offset();
  }

  private static Headers withErrors(
      Headers originals,
      Answer.Rejected<QueuedRecord> rejected,
      String message,
      @Nullable String stackTrace) {
    RecordMetadata position = rejected.origin().position();
    Headers headers = NewHeaders.copyOf(originals);
    add(headers, EXCEPTION, kind(rejected));
    add(headers, MESSAGE, message);
    if (stackTrace != null) {
      add(headers, STACKTRACE, stackTrace);
    }
    add(headers, TOPIC, position.topic());
    add(headers, PARTITION, Integer.toString(position.partition()));
    add(headers, OFFSET, Long.toString(position.offset()));
    return headers;
  }

  private static @Nullable String stackTrace(@Nullable BadRecordException refusal) {
    if (refusal == null) {
      return null;
    }
    StringWriter stack = new StringWriter();
    refusal.printStackTrace(new PrintWriter(stack));
    return bounded(stack.toString());
  }

  private static String bounded(String text) {
    return text.length() <= MAX_TEXT_CHARS ? text : text.substring(0, MAX_TEXT_CHARS);
  }

  private static void add(Headers headers, String name, String text) {
    headers.add(name, text.getBytes(StandardCharsets.UTF_8));
  }
}
