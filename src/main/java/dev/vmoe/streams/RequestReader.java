package dev.vmoe.streams;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageProducer;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RegistryClient;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * What a record of the images topic asks for: an Avro {@link ImageRequest}, or raw image bytes
 * where the header {@code content-type} says so.
 */
final class RequestReader {

  /**
   * One image to classify.
   *
   * @param image encoded bytes
   * @param label true class, where the sender knows it
   * @param attributes what the sender wants to find again
   */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(byte[] image, @Nullable String label, Map<String, String> attributes) {}

  private final AvroDeserializer<ImageRequest> avro;
  private final int maxImageBytes;

  RequestReader(RegistryClient registry, int maxImageBytes) {
    this.avro = new AvroDeserializer<>(registry, ImageRequest.class);
    this.maxImageBytes = maxImageBytes;
  }

  /**
   * Reads a record.
   *
   * @throws BadRecordException if there is no image in it that may be tried
   */
  Request read(Record<byte[], byte @Nullable []> record) throws BadRecordException {
    byte[] value = record.value();
    if (value == null) {
      throw new BadRecordException.Refused("the record has no value, so there is no image");
    }
    Request request = rawImage(record) ? new Request(value, null, Map.of()) : readAvro(value);
    if (request.image().length > maxImageBytes) {
      throw new BadRecordException.Refused(
          "the image has "
              + request.image().length
              + " bytes, more than image.max.bytes = "
              + maxImageBytes);
    }
    return request;
  }

  private Request readAvro(byte[] value) throws BadRecordException {
    ImageRequest request = avro.read(value);
    ByteBuffer image = request.getImage();
    byte[] bytes = new byte[image.remaining()];
    image.duplicate().get(bytes);
    return new Request(bytes, request.getLabel(), request.getAttributes());
  }

  private static boolean rawImage(Record<?, ?> record) {
    Header contentType = record.headers().lastHeader(ImageProducer.CONTENT_TYPE);
    return contentType != null
        && contentType.value() != null
        && new String(contentType.value(), StandardCharsets.UTF_8)
            .strip()
            .toLowerCase(Locale.ROOT)
            .startsWith("image/");
  }
}
