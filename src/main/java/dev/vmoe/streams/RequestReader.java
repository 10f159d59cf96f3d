package dev.vmoe.streams;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.SchemaSource;
import dev.vmoe.image.MediaType;
import dev.vmoe.moe.ImagePriority;
import dev.vmoe.topics.TopicPlan;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * What a record of the images topic asks for: an Avro {@link ImageRequest}, or raw image bytes
 * where the header {@code content-type} says so.
 */
public final class RequestReader {

  /**
   * One image to classify.
   *
   * @param image encoded bytes
   * @param label true class, where the sender knows it
   * @param attributes what the sender wants to find again
   * @param priority how much the image matters beside others
   * @param deadlineMs when its prediction has to be readable, in milliseconds since 1970; null
   *     where the sender gave no deadline
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(
      byte[] image,
      @Nullable String label,
      Map<String, String> attributes,
      float priority,
      @Nullable Long deadlineMs) {

    static Request ofRawImage(byte[] image) {
      return new Request(image, null, Map.of(), ImagePriority.DEFAULT, null);
    }
  }

  /** Maximum bytes of a label: the utilization of a batch may name one for each of its images. */
  static final int MAX_LABEL_BYTES = 1024;

  private final AvroDeserializer<ImageRequest> avro;
  private final int maxImageBytes;

  /**
   * Creates a reader.
   *
   * @param schemas has the schemas that records were written with
   * @param maxImageBytes maximum bytes of an encoded image
   */
  public RequestReader(SchemaSource schemas, int maxImageBytes) {
    this.avro = new AvroDeserializer<>(schemas, ImageRequest.class);
    this.maxImageBytes = maxImageBytes;
  }

  /**
   * Reads a record; empty while its schema is not known.
   *
   * @throws BadRecordException if there is no image in it that may be tried
   */
  Optional<Request> read(Record<byte[], byte @Nullable []> record) throws BadRecordException {
    byte[] value = record.value();
    if (value == null) {
      throw new BadRecordException.Refused("the record has no value, so there is no image");
    }
    Optional<Request> read =
        rawImage(record)
            ? Optional.of(Request.ofRawImage(value))
            : avro.readIfKnown(value).map(RequestReader::request);
    if (read.isPresent()) {
      requireTryable(record, read.get());
    }
    return read;
  }

  private void requireTryable(Record<byte[], ?> record, Request request) throws BadRecordException {
    if (request.image().length > maxImageBytes) {
      throw new BadRecordException.Refused(
          "the image has "
              + request.image().length
              + " bytes, more than image.max.bytes = "
              + maxImageBytes);
    }
    if (!ImagePriority.isValid(request.priority())) {
      throw new BadRecordException.Refused(
          "the priority is %s, which is not from %s to %s"
              .formatted(request.priority(), ImagePriority.LOWEST, ImagePriority.HIGHEST));
    }
    if (request.deadlineMs() != null && request.deadlineMs() < 0) {
      throw new BadRecordException.Refused(
          "the deadline is %d ms since 1970, which is below 0".formatted(request.deadlineMs()));
    }
    requireCarriable(record, request);
  }

  /** What a prediction could not carry would stop the stream when it is sent. */
  private static void requireCarriable(Record<byte[], ?> record, Request request)
      throws BadRecordException {
    long label = RecordSize.length(request.label());
    if (label > MAX_LABEL_BYTES) {
      throw new BadRecordException.Refused(
          "the label has " + label + " bytes, more than " + MAX_LABEL_BYTES);
    }
    long key = RecordSize.length(record.key());
    long headers = RecordSize.of(record.headers());
    long attributes = 0;
    for (Map.Entry<String, String> attribute : request.attributes().entrySet()) {
      attributes +=
          RecordSize.entry(
              RecordSize.length(attribute.getKey()), RecordSize.length(attribute.getValue()));
    }
    if (key + headers + label + attributes > TopicPlan.MAX_CARRIED_BYTES) {
      throw new BadRecordException.Refused(
          "the key (%d bytes), headers (%d), label (%d) and attributes (%d) are more than the %d"
                  .formatted(key, headers, label, attributes, TopicPlan.MAX_CARRIED_BYTES)
              + " bytes that a prediction carries");
    }
  }

  private static Request request(ImageRequest request) {
    ByteBuffer image = request.getImage();
    byte[] bytes = new byte[image.remaining()];
    image.duplicate().get(bytes);
    Instant deadline = request.getDeadline();
    return new Request(
        bytes,
        request.getLabel(),
        request.getAttributes(),
        request.getPriority(),
        deadline == null ? null : deadline.toEpochMilli());
  }

  private static boolean rawImage(Record<?, ?> record) {
    Header contentType = record.headers().lastHeader(MediaType.HEADER);
    return contentType != null
        && contentType.value() != null
        && new String(contentType.value(), StandardCharsets.UTF_8)
            .strip()
            .toLowerCase(Locale.ROOT)
            .startsWith("image/");
  }
}
