package dev.vmoe.streams.intake;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonReader;
import dev.vmoe.event.SchemaSource;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.topics.TopicPlan;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Turns a record of the images topic into an image to classify, or says why there is none. The
 * header {@code content-type} says what the value is: the bytes of an image, its address or JSON.
 * Otherwise it is an Avro {@link ImageRequest}.
 */
public final class RequestReader {

  /** Maximum bytes of a label: the utilization of a batch may name one for each of its images. */
  public static final int MAX_LABEL_BYTES = 1024;

  private static final String JSON = EventFormat.JSON.contentType();
  private static final String AVRO = EventFormat.AVRO.contentType();
  private static final String ADDRESSES = "text/uri-list";
  private static final byte[] NO_BYTES = {};
  private static final String STRUCTURED_EVENTS = "application/cloudevents";

  private final AvroDeserializer<ImageRequest> avro;
  private final JsonReader<ImageRequest> json = JsonReader.ofRequests(ImageRequest.class);
  private final int maxImageBytes;
  private final EventFormat answers;
  private final AnswerHeaders answerHeaders;

  /**
   * One image to classify.
   *
   * @param image encoded bytes; empty where the image comes by address
   * @param address where the image is; null where its bytes are here
   * @param id what the sender calls the image
   * @param label true class, where the sender knows it
   * @param attributes what the sender wants to find again
   * @param priority how much the image matters beside others
   * @param deadlineMs when its prediction has to be readable, in milliseconds since 1970; null
   *     where the sender gave no deadline
   * @param headers those that the answer begins with
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Request(
      byte[] image,
      @Nullable String address,
      @Nullable String id,
      @Nullable String label,
      Map<String, String> attributes,
      float priority,
      @Nullable Long deadlineMs,
      Headers headers) {

    /** Returns the request of an image of which nothing else is known. */
    public static Request ofRawImage(byte[] image) {
      return new Request(
          image, null, null, null, Map.of(), ImagePriority.DEFAULT, null, NewHeaders.empty());
    }

    /** Returns the request with the image that came from its address. */
    public Request with(byte[] fetched) {
      return new Request(fetched, null, id, label, attributes, priority, deadlineMs, headers);
    }

    /** Returns what is needed for the answer. */
    public Request withoutImage() {
      return with(NO_BYTES);
    }
  }

  /**
   * Creates a reader.
   *
   * @param schemas has the schemas that records were written with
   * @param maxImageBytes maximum bytes of an encoded image
   * @param answers format of the predictions
   * @param source what the answers to CloudEvents name as their source
   */
  public RequestReader(
      SchemaSource schemas, int maxImageBytes, EventFormat answers, String source) {
    this.avro = new AvroDeserializer<>(schemas, ImageRequest.class);
    this.maxImageBytes = maxImageBytes;
    this.answers = answers;
    this.answerHeaders = new AnswerHeaders(source);
  }

  /**
   * Reads a record; empty while its schema is not known.
   *
   * @param position topic, partition and offset of the record
   * @throws BadRecordException if there is no image in it that may be tried
   */
  public Optional<Request> read(Record<byte[], byte @Nullable []> record, RecordMetadata position)
      throws BadRecordException {
    byte[] value = record.value();
    if (value == null) {
      throw new BadRecordException.Refused("the record has no value, so there is no image");
    }
    ImageHeaders said = ImageHeaders.of(record.headers());
    String mediaType = mediaType(record.headers());
    if (mediaType.startsWith(STRUCTURED_EVENTS)) {
      throw new BadRecordException.Refused(
          "content-type %s is a CloudEvent in structured mode, which is not read: send it in binary mode, its attributes as headers (ce_specversion, ce_id, ce_source, ce_type), the image as the value, and content-type as that of the image"
              .formatted(mediaType));
    }
    CloudEvent event = CloudEvent.isIn(record.headers()) ? CloudEvent.of(record.headers()) : null;
    Optional<ImageRequest> body = body(mediaType, value);
    if (body.isEmpty()) {
      return Optional.empty();
    }
    Headers carried = AnswerHeaders.carried(record.headers(), event);
    Request request = request(body.get(), said, event, carried);
    requireTryable(record, request);
    if (event != null) {
      answerHeaders.identify(carried, position);
    }
    return Optional.of(request);
  }

  private Optional<ImageRequest> body(String mediaType, byte[] value) throws BadRecordException {
    if (mediaType.startsWith("image/")) {
      return Optional.of(request(value, null));
    }
    if (mediaType.equals(ADDRESSES)) {
      return Optional.of(request(NO_BYTES, address(value)));
    }
    if (mediaType.equals(JSON)) {
      return Optional.of(withAnImage(json.read(value)));
    }
    try {
      Optional<ImageRequest> known = avro.readIfKnown(value);
      if (known.isPresent() && known.get().getImageUrl() != null) {
        return Optional.of(withAnImage(known.get()));
      }
      return known;
    } catch (BadRecordException.NotAvro e) {
      // Avro comes under many names.
      throw mediaType.isEmpty() || mediaType.equals(AVRO)
          ? e
          : new BadRecordException.NotAvro(
              "content-type %s is not known, and %s".formatted(mediaType, e.reason()), e);
    }
  }

  /** Returns a request that says no more than what the image is, or where. */
  private static ImageRequest request(byte[] image, @Nullable String address) {
    ImageRequest request = new ImageRequest();
    request.setImage(ByteBuffer.wrap(image));
    request.setImageUrl(address);
    request.setAttributes(Map.of());
    request.setPriority(ImagePriority.DEFAULT);
    return request;
  }

  private static ImageRequest withAnImage(ImageRequest request) throws BadRecordException {
    boolean here = request.getImage().hasRemaining();
    if (here == (request.getImageUrl() != null)) {
      throw new BadRecordException.Refused(
          here
              ? "there is an image and an imageUrl: leave one out"
              : "there is neither an image nor an imageUrl");
    }
    return request;
  }

  /** Returns the one address of a list as of RFC 2483, where lines may be comments. */
  private static String address(byte[] value) throws BadRecordException {
    List<String> addresses =
        new String(value, StandardCharsets.UTF_8)
            .lines()
            .map(String::strip)
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .toList();
    if (addresses.size() != 1) {
      throw new BadRecordException.Refused(
          "the value has %d addresses; %s has to have one".formatted(addresses.size(), ADDRESSES));
    }
    return addresses.get(0);
  }

  /** Returns the last content type in lower case, without parameters; empty if there is none. */
  private static String mediaType(Headers headers) {
    List<Header> all = ImageHeaders.named(headers, EventSerializer.CONTENT_TYPE);
    byte[] last = all.isEmpty() ? null : all.get(all.size() - 1).value();
    String type = last == null ? "" : new String(last, StandardCharsets.UTF_8);
    int end = type.indexOf(';');
    return (end < 0 ? type : type.substring(0, end)).strip().toLowerCase(Locale.ROOT);
  }

  private static Request request(
      ImageRequest body, ImageHeaders said, @Nullable CloudEvent event, Headers carried) {
    String id = said.id() != null ? said.id() : body.getId();
    Instant deadline = body.getDeadline();
    Long deadlineMs = deadline == null ? null : deadline.toEpochMilli();
    return new Request(
        bytes(body.getImage()),
        body.getImageUrl(),
        id == null && event != null ? event.id() : id,
        said.label() != null ? said.label() : body.getLabel(),
        body.getAttributes(),
        said.priority() != null ? said.priority() : body.getPriority(),
        said.deadlineMs() != null ? said.deadlineMs() : deadlineMs,
        carried);
  }

  /** Returns the bytes of a buffer, without a copy where it is a whole array. */
  private static byte[] bytes(ByteBuffer image) {
    if (image.hasArray() && image.arrayOffset() == 0 && image.array().length == image.remaining()) {
      return image.array();
    }
    byte[] bytes = new byte[image.remaining()];
    image.duplicate().get(bytes);
    return bytes;
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
  private void requireCarriable(Record<byte[], ?> record, Request request)
      throws BadRecordException {
    long labelBytes = RecordSize.length(request.label());
    if (labelBytes > MAX_LABEL_BYTES) {
      throw new BadRecordException.Refused(
          "the label has " + labelBytes + " bytes, more than " + MAX_LABEL_BYTES);
    }
    long key = RecordSize.length(record.key());
    long headers = RecordSize.of(request.headers());
    long id = written(request.id());
    long label = written(request.label());
    long attributes = 0;
    for (Map.Entry<String, String> attribute : request.attributes().entrySet()) {
      attributes += RecordSize.entry(written(attribute.getKey()), written(attribute.getValue()));
    }
    if (key + headers + id + label + attributes > TopicPlan.MAX_CARRIED_BYTES) {
      throw new BadRecordException.Refused(
          "the key (%d bytes), headers (%d), id (%d), label (%d) and attributes (%d) are more than"
                  .formatted(key, headers, id, label, attributes)
              + " the %d bytes that a prediction carries".formatted(TopicPlan.MAX_CARRIED_BYTES));
    }
  }

  /** Returns the bytes of a text in a prediction; JSON escapes some characters. */
  private long written(@Nullable String text) {
    return text == null || answers == EventFormat.AVRO
        ? RecordSize.length(text)
        : JsonStringEncoder.getInstance().quoteAsUTF8(text).length;
  }
}
