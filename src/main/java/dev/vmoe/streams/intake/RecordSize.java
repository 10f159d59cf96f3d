package dev.vmoe.streams.intake;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Upper bounds on the bytes that things take in a Kafka record. A producer counts a record alone
 * and uncompressed, whatever its compression makes of it later.
 */
public final class RecordSize {

  /** What is around a single record: its batch's header and the lengths inside. */
  private static final int AROUND = 128;

  /** Lengths of one entry, a header or an attribute. */
  private static final int ENTRY = 10;

  /** Compression adds less than one byte to this many that it cannot shrink. */
  private static final int INCOMPRESSIBLE = 2048;

  private RecordSize() {}

  /** Returns the bytes of a whole record, the only one of its batch. */
  public static long of(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
    long content = length(key) + length(value) + of(headers);
    return AROUND + content + content / INCOMPRESSIBLE;
  }

  /** Returns the bytes of these headers. */
  public static long of(Headers headers) {
    long bytes = 0;
    for (Header header : headers) {
      bytes += entry(length(header.key()), length(header.value()));
    }
    return bytes;
  }

  /** Returns the bytes of an entry with a name and a value of these lengths. */
  static long entry(long name, long value) {
    return ENTRY + name + value;
  }

  /** Returns the bytes of what may be missing. */
  public static long length(byte @Nullable [] bytes) {
    return bytes == null ? 0 : bytes.length;
  }

  /** Returns the bytes of a text that may be missing, in UTF-8. */
  static long length(@Nullable String text) {
    return text == null ? 0 : text.getBytes(StandardCharsets.UTF_8).length;
  }
}
