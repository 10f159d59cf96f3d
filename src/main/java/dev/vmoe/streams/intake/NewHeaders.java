package dev.vmoe.streams.intake;

import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/** Headers to add to. Kafka promises no class of its own for them, but its records make some. */
public final class NewHeaders {

  private NewHeaders() {}

  /** Returns no headers yet. */
  public static Headers empty() {
    return copyOf(List.of());
  }

  /** Returns the same headers. */
  public static Headers copyOf(Iterable<Header> headers) {
    return new ProducerRecord<byte[], byte[]>("", null, null, null, null, headers).headers();
  }
}
