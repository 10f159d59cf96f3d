package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonSchemas;
import dev.vmoe.streams.settings.EventFormat;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.kafka.CloudEventDeserializer;
import io.cloudevents.kafka.CloudEventSerializer;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

/** Every header in and every header out, for each form in which an image may come. */
class AnswerHeadersTest extends ProcessorFixture {

  private static final byte[] IMAGE = FakeDecoder.grey(10);
  private static final String JSON =
      "{\"id\":\"i\",\"image\":\"" + Base64.getEncoder().encodeToString(IMAGE) + "\"}";

  /** Headers of the sender: they go on, in their order, repeated ones too. */
  private static final List<String> SENDERS =
      List.of(
          "camera: 7",
          "camera: 8",
          "traceparent: 00-ab-cd-01",
          "tracestate: vendor=1",
          "x-vmoe-customer: acme",
          "__key_schema_id: 4",
          "__KeyTypeId__: java.lang.String",
          "apicurio.key.globalId: 9");

  /** Headers that say something of the image or of the bytes it came in. */
  private static final List<String> OF_THE_IMAGE =
      List.of(
          "content-encoding: identity",
          "Content-Length: 100",
          "contentType: \"image/png\"",
          "originalContentType: image/png",
          "__TypeId__: com.example.Photo",
          "__ContentTypeId__: com.example.Photo",
          "__value_schema_id: 5",
          "apicurio.value.globalId: 6",
          "vmoe-id: photo 1",
          "vmoe-label: cat",
          "Vmoe-Priority: 2",
          "vmoe-deadline: 99999999999999");

  private static final List<String> EVENT =
      List.of(
          "ce_specversion: 1.0",
          "ce_id: e-1",
          "ce_source: /camera/7",
          "ce_type: photo.taken",
          "ce_time: 2026-01-01T12:00:00Z",
          "ce_dataschema: https://example.com/photo",
          "ce_subject: gate",
          "ce_site: north",
          "ce_traceparent: 00-ab-cd-01");

  private static final List<String> ANSWER =
      List.of(
          "ce_subject: gate",
          "ce_site: north",
          "ce_traceparent: 00-ab-cd-01",
          "ce_specversion: 1.0",
          "ce_id: images-0-0",
          "ce_source: /vmoe/test",
          "ce_type: dev.vmoe.prediction");

  /** Form, headers of this form alone, those of them that the answer has. */
  static final List<Arguments> FORMS =
      List.of(
          Arguments.of("raw", List.of("content-type: image/png"), List.of()),
          Arguments.of("raw", List.of("Content-Type: image/png"), List.of()),
          Arguments.of(
              "raw", List.of("content-type: image/png", "ce_note: none"), List.of("ce_note: none")),
          Arguments.of("JSON", List.of("content-type: application/json"), List.of()),
          Arguments.of("Avro", List.of(), List.of()),
          Arguments.of("Avro", List.of("content-type: application/avro"), List.of()),
          Arguments.of("raw", with("content-type: image/png", EVENT), ANSWER),
          Arguments.of("JSON", with("content-type: application/json", EVENT), ANSWER),
          Arguments.of("Avro", EVENT, ANSWER));

  private static List<String> with(String first, List<String> more) {
    List<String> all = new ArrayList<>(more);
    all.add(0, first);
    return all;
  }

  private byte[] value(String form) {
    return switch (form) {
      case "raw" -> IMAGE;
      case "JSON" -> bytes(JSON);
      default ->
          requests.serialize(
              "images", ImageRequest.newBuilder().setImage(ByteBuffer.wrap(IMAGE)).build());
    };
  }

  private static RecordHeaders headers(List<String> lines) {
    RecordHeaders headers = new RecordHeaders();
    for (String line : lines) {
      int colon = line.indexOf(": ");
      headers.add(line.substring(0, colon), bytes(line.substring(colon + 2)));
    }
    return headers;
  }

  private static List<String> lines(Iterable<Header> headers) {
    List<String> lines = new ArrayList<>();
    headers.forEach(
        it -> lines.add(it.key() + ": " + new String(it.value(), StandardCharsets.UTF_8)));
    return lines;
  }

  private void shouldLetGoOnWhatIsTheSenders(String form, List<String> its, List<String> kept) {
    start();
    List<String> in = new ArrayList<>(SENDERS);
    in.addAll(OF_THE_IMAGE);
    in.addAll(its);
    images.pipeInput(new TestRecord<>(bytes("key"), value(form), headers(in), NOON));
    awaitAnswers(1);

    List<String> out = new ArrayList<>(SENDERS);
    out.addAll(kept);
    out.add("content-type: " + format.contentType());
    assertThat(deadLetters.isEmpty()).isTrue();
    assertThat(lines(written.readRecord().headers())).containsExactlyElementsOf(out);
  }

  @ParameterizedTest
  @FieldSource("FORMS")
  void shouldLetGoOnWhatIsTheSendersWithAnAnswerInAvro(
      String form, List<String> its, List<String> kept) {
    shouldLetGoOnWhatIsTheSenders(form, its, kept);
  }

  @ParameterizedTest
  @FieldSource("FORMS")
  void shouldLetGoOnWhatIsTheSendersWithAnAnswerInJson(
      String form, List<String> its, List<String> kept) {
    format = EventFormat.JSON;
    shouldLetGoOnWhatIsTheSenders(form, its, kept);
  }

  @Test
  void shouldNameTheFormatOfUtilizationAndWriteBothAsTheirSchemasSay() throws Exception {
    format = EventFormat.JSON;
    start();
    send("key", 10);
    awaitAnswers(1);

    assertThat(JsonSchemas.problems("Prediction", written.readValue())).isEmpty();
    TestRecord<byte[], byte[]> event = utilizationWritten.readRecord();
    assertThat(lines(event.headers())).containsExactly("content-type: application/json");
    assertThat(JsonSchemas.problems("ExpertUtilization", event.value())).isEmpty();
  }

  @Test
  void shouldKeepAllHeadersOfADeadLetter() {
    start();
    List<String> in = with("content-type: image/png", EVENT);
    in.add("vmoe-priority: high");
    images.pipeInput(new TestRecord<>(bytes("key"), IMAGE, headers(in), NOON));
    awaitAnswers(1);

    TestRecord<byte[], byte[]> letter = deadLetters.readRecord();
    assertThat(lines(letter.headers())).startsWith(in.toArray(String[]::new));
    assertThat(header(letter.headers(), DeadLetter.MESSAGE)).contains("vmoe-priority is 'high'");
    assertThat(header(letter.headers(), DeadLetter.EXCEPTION)).endsWith("$Refused");
    assertThat(letter.value()).isEqualTo(IMAGE);
  }

  /** The library's own client writes the image and reads the answer. */
  @Test
  void shouldAnswerACloudEventOfTheLibraryWithOne() {
    format = EventFormat.JSON;
    start();
    CloudEvent image =
        CloudEventBuilder.v1()
            .withId("e-1")
            .withSource(URI.create("/camera/7"))
            .withType("photo.taken")
            .withTime(OffsetDateTime.parse("2026-01-01T12:00:00Z"))
            .withSubject("gate")
            .withExtension("site", "north")
            .withExtension("number", 7)
            .withExtension("night", true)
            .withData("image/png", IMAGE)
            .build();
    RecordHeaders headers = new RecordHeaders();
    byte[] value;
    try (CloudEventSerializer serializer = new CloudEventSerializer()) {
      serializer.configure(Map.of(CloudEventSerializer.ENCODING_CONFIG, Encoding.BINARY), false);
      value = serializer.serialize("images", headers, image);
    }
    images.pipeInput(new TestRecord<>(bytes("key"), value, headers, NOON));
    awaitAnswers(1);

    TestRecord<byte[], byte[]> record = written.readRecord();
    try (CloudEventDeserializer deserializer = new CloudEventDeserializer()) {
      CloudEvent answer = deserializer.deserialize("predictions", record.headers(), record.value());
      assertThat(answer.getId()).isEqualTo("images-0-0");
      assertThat(answer.getSource()).hasToString("/vmoe/test");
      assertThat(answer.getType()).isEqualTo("dev.vmoe.prediction");
      assertThat(answer.getSubject()).isEqualTo("gate");
      assertThat(answer.getTime()).isNull();
      assertThat(answer.getDataContentType()).isEqualTo("application/json");
      assertThat(answer.getExtensionNames()).containsExactlyInAnyOrder("site", "number", "night");
      assertThat(answer.getExtension("site")).isEqualTo("north");
      assertThat(answer.getExtension("number")).hasToString("7");
      assertThat(answer.getExtension("night")).hasToString("true");
      assertThat(new String(answer.getData().toBytes(), StandardCharsets.UTF_8))
          .startsWith("{\"top\":[")
          .contains("\"id\":\"e-1\"");
    }
  }
}
