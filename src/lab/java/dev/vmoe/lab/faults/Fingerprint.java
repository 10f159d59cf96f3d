package dev.vmoe.lab.faults;

import dev.vmoe.event.EventSerializer;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Bytes as one number: equal for equal bytes, and different, for practical purposes, for others.
 */
final class Fingerprint {

  private static final long OFFSET = 0xcbf29ce484222325L;
  private static final long PRIME = 0x100000001b3L;

  private Fingerprint() {}

  /** Returns that of bytes (64 bits of FNV-1a); 0 for none. */
  static long of(byte @Nullable [] bytes) {
    return bytes == null ? 0 : add(OFFSET, bytes);
  }

  /** Returns that of a value and its content type: a dead letter keeps both. */
  static long ofContents(ConsumerRecord<byte[], byte[]> record) {
    long hash = of(record.value());
    for (Header header : record.headers().headers(EventSerializer.CONTENT_TYPE)) {
      hash = add(hash, header);
    }
    return hash;
  }

  /**
   * Returns that of headers in their order, without those that say why a record is dead, and
   * without the content type, since an answer has its own.
   */
  static long of(Headers headers) {
    long hash = OFFSET;
    for (Header header : headers) {
      if (!header.key().startsWith("__streams.errors.")
          && !header.key().equals(EventSerializer.CONTENT_TYPE)) {
        hash = add(hash, header.key().getBytes(StandardCharsets.UTF_8));
        hash = add(hash, header);
      }
    }
    return hash;
  }

  private static long add(long start, Header header) {
    byte[] value = header.value();
    return value == null ? start * PRIME : add(start, value);
  }

  private static long add(long start, byte[] bytes) {
    long hash = start;
    for (byte next : bytes) {
      hash = (hash ^ (next & 0xff)) * PRIME;
    }
    return (hash ^ bytes.length) * PRIME;
  }
}
