package dev.vmoe.streams;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.image.BadImageException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;

/**
 * A record that cannot be answered, on its way to the dead-letter topic: key, value and headers as
 * they came, and the reason in the headers that KIP-1034 names.
 */
final class DeadLetter {

  static final String EXCEPTION = "__streams.errors.exception";
  static final String MESSAGE = "__streams.errors.message";
  static final String STACKTRACE = "__streams.errors.stacktrace";
  static final String TOPIC = "__streams.errors.topic";
  static final String PARTITION = "__streams.errors.partition";
  static final String OFFSET = "__streams.errors.offset";

  /** Keeps the headers well below the room that the dead-letter topic leaves for them. */
  private static final int LONGEST_TEXT = 8 * 1024;

  private DeadLetter() {}

  /** Returns the dead letter of a record that was given up for this reason. */
  static Record<byte[], byte[]> of(Waiting waiting, String reason) {
    BadRecordException refusal = waiting.refusal();
    Headers headers = new RecordHeaders(waiting.record().headers());
    Class<?> type = refusal == null ? BadImageException.class : refusal.getClass();
    add(headers, EXCEPTION, type.getName());
    add(headers, MESSAGE, reason);
    if (refusal != null) {
      StringWriter stack = new StringWriter();
      refusal.printStackTrace(new PrintWriter(stack));
      add(headers, STACKTRACE, stack.toString());
    }
    add(headers, TOPIC, waiting.position().topic());
    add(headers, PARTITION, Integer.toString(waiting.position().partition()));
    add(headers, OFFSET, Long.toString(waiting.position().offset()));
    return waiting.record().withHeaders(headers);
  }

  private static void add(Headers headers, String name, String text) {
    String bounded = text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT);
    headers.add(name, bounded.getBytes(StandardCharsets.UTF_8));
  }
}
