package dev.vmoe.streams.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonReader;
import dev.vmoe.streams.settings.EventFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** None of these records may cost memory or time beyond their own bytes. */
@Timeout(10)
class HostileRequestTest extends RequestFixture {

  private static final int MANY = 1_000_000;

  /** A million entries, kept, take more than a hundred. */
  private static final long MAX_ALLOCATED = 32 << 20;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Loads the classes and the schema. */
  @BeforeEach
  void readOnce() throws Exception {
    read(avro(ImageRequest.newBuilder().setImage(ByteBuffer.allocate(4)).build()));
    json("{\"image\":\"AAAA\"}");
  }

  /** Returns why a record is refused, which may not take much memory. */
  private String refused(byte[] value, String... contentType) {
    Headers headers = new RecordHeaders();
    for (String type : contentType) {
      headers.add("content-type", bytes(type));
    }
    String reason;
    long before = THREADS.getCurrentThreadAllocatedBytes();
    try {
      reason = "accepted: " + read(EventFormat.AVRO, value, headers);
    } catch (BadRecordException e) {
      reason = e.getClass().getSimpleName() + ": " + e.reason();
    }
    assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
        .as("bytes allocated for %s", reason)
        .isLessThan(MAX_ALLOCATED);
    return reason;
  }

  private static String entries(int many, String value) {
    return IntStream.range(0, many)
        .mapToObj(i -> "\"e" + Integer.toString(i, 36) + "\":" + value)
        .collect(Collectors.joining(","));
  }

  @Test
  void shouldRefuseNestingWhereverItBegins() throws Exception {
    String depth = "nesting depth (17) exceeds the maximum allowed (16";
    assertThat(jsonRefusal("[".repeat(MANY))).contains("the value is not an object");
    assertThat(jsonRefusal("{\"image\":" + "[".repeat(MANY)))
        .contains("image is not a text in base64");
    assertThat(jsonRefusal("{\"attributes\":" + "{\"a\":".repeat(MANY)))
        .contains("attributes.a is not a text");
    // A reader of events skips what it does not know, as deep as that goes.
    assertThat(
            JsonReader.ofEvents(ImageRequest.class)
                .read(bytes("{\"new\":" + "[".repeat(15) + "]".repeat(15) + "}")))
        .isEqualTo(ImageRequest.newBuilder().build());
    assertThatExceptionOfType(BadRecordException.NotJson.class)
        .isThrownBy(
            () ->
                JsonReader.ofEvents(ImageRequest.class).read(bytes("{\"new\":" + "[".repeat(MANY))))
        .withMessageContaining(depth);
  }

  @Test
  void shouldRefuseHostileJson() {
    assertThat(jsonRefusal("{\"image\":\"AAAA\",\"deadline\":" + "9".repeat(MANY) + "}"))
        .startsWith("NotJson: ")
        .contains("exceeds the maximum allowed");
    assertThat(jsonRefusal("{\"image\":\"AAAA\",\"priority\":1e999999999}"))
        .contains("the priority is Infinity");
    assertThat(jsonRefusal("{\"image\":\"AAAA\",\"" + "n".repeat(MANY) + "\":1}"))
        .startsWith("NotJson: ")
        .hasSizeLessThan(1000);
    assertThat(jsonRefusal("\u0000\u0001{}")).startsWith("NotJson: ");
    assertThatExceptionOfType(BadRecordException.NotJson.class)
        .isThrownBy(
            () ->
                read(
                    new byte[] {'{', '"', (byte) 0xff, (byte) 0xfe},
                    "content-type",
                    "application/json"));
  }

  @Test
  void shouldRefuseManyAttributesInJsonBeforeTheyTakeMemory() {
    String request = "{\"image\":\"AAAA\",\"attributes\":{%s}}";

    assertThat(refused(bytes(request.formatted(entries(MANY, "\"\""))), "application/json"))
        .startsWith("NotJson: ")
        .contains("attributes has more than 32768 entries");
  }

  @Test
  void shouldRefuseManyAttributesInAvroBeforeTheyTakeMemory() throws Exception {
    Map<String, String> attributes = new HashMap<>();
    for (int i = 0; i < MANY; i++) {
      attributes.put(Integer.toString(i, 36), "");
    }
    byte[] value =
        avro(
            ImageRequest.newBuilder()
                .setImage(ByteBuffer.allocate(4))
                .setAttributes(attributes)
                .build());

    assertThat(refused(value))
        .startsWith("NotAvro: ")
        .contains("a map has more than 32768 entries");
  }

  /** A block of a map may say how many bytes it has, and that claim is not checked by skipping. */
  @Test
  void shouldRefuseAClaimOfManyAttributesInAvro() throws IOException {
    byte[] header = avro(ImageRequest.newBuilder().setImage(ByteBuffer.allocate(4)).build());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(header, 0, 5);
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    encoder.writeBytes(new byte[4]); // the image
    encoder.writeIndex(0); // no content type
    encoder.writeIndex(0); // no label
    encoder.writeLong(-1_000_000_000); // attributes, in a block
    encoder.writeLong(0); // of so many bytes
    encoder.writeLong(0); // and no more of them
    encoder.writeFloat(1);
    encoder.writeIndex(0); // no deadline
    encoder.writeIndex(0); // no id

    assertThat(refused(bytes.toByteArray()))
        .startsWith("NotAvro: ")
        .contains("a map has more than 32768 entries");
  }
}
