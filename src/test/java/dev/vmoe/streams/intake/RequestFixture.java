package dev.vmoe.streams.intake;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.EventFormat;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;

/** A reader of requests, and what it says of records. */
abstract class RequestFixture {

  final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private RequestReader reader(EventFormat answers) {
    return new RequestReader(id -> Optional.of(registry.schema(id)), 1000, answers, "/vmoe/test");
  }

  RequestReader.Request read(byte[] value, String... headers) throws BadRecordException {
    return read(EventFormat.AVRO, value, headers);
  }

  RequestReader.Request read(EventFormat answers, byte[] value, String... headers)
      throws BadRecordException {
    Headers all = new RecordHeaders();
    for (int i = 0; i < headers.length; i += 2) {
      all.add(headers[i], bytes(headers[i + 1]));
    }
    return read(answers, value, all);
  }

  RequestReader.Request read(EventFormat answers, byte[] value, Headers headers)
      throws BadRecordException {
    return reader(answers)
        .read(
            new Record<>(bytes("key"), value, 0, headers),
            new ProcessorRecordContext(0, 42, 3, "images", headers))
        .orElseThrow();
  }

  RequestReader.Request json(String text) throws BadRecordException {
    return read(bytes(text), "content-type", "application/json");
  }

  String refusal(String value, String... headers) {
    try {
      return "accepted: " + read(bytes(value), headers);
    } catch (BadRecordException e) {
      return e.getClass().getSimpleName() + ": " + e.reason();
    }
  }

  String jsonRefusal(String text) {
    return refusal(text, "content-type", "application/json");
  }

  byte[] avro(ImageRequest request) {
    return new AvroSerializer<ImageRequest>(registry).serialize("images", request);
  }
}
