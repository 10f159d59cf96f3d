package dev.vmoe.streams.intake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.JsonSchemas;
import dev.vmoe.streams.settings.EventFormat;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What senders may write into the images topic, and why the rest is refused. */
class RequestReaderTest extends RequestFixture {

  private static final byte[] IMAGE = {(byte) 0x89, 'P', 'N', 'G', 1, 2, 3};
  private static final String BASE64 = Base64.getEncoder().encodeToString(IMAGE);

  @Test
  void shouldReadAllFieldsFromJson() throws Exception {
    String text =
        """
        {"priority": 2.5, "id": "photo \\u00e4", "label": "cat", "contentType": "image/png",
         "attributes": {"camera": "7", "site": ""}, "deadline": 1767268800000, "image": "%s"}
        """
            .formatted(BASE64);
    RequestReader.Request request = json(text);

    assertThat(request.image()).isEqualTo(IMAGE);
    assertThat(request.id()).isEqualTo("photo ä");
    assertThat(request.label()).isEqualTo("cat");
    assertThat(request.attributes()).isEqualTo(Map.of("camera", "7", "site", ""));
    assertThat(request.priority()).isEqualTo(2.5f);
    assertThat(request.deadlineMs()).isEqualTo(1767268800000L);
    assertThat(JsonSchemas.problems("ImageRequest", bytes(text))).isEmpty();
  }

  @Test
  void shouldReadAnImageAloneFromJson() throws Exception {
    String text = "{\"image\":\"" + BASE64.replace("=", "") + "\",\"label\":null}";
    RequestReader.Request request =
        read(bytes(text), "content-type", " Application/JSON; charset=utf-8");

    assertThat(request.image()).isEqualTo(IMAGE);
    assertThat(request.id()).isNull();
    assertThat(request.label()).isNull();
    assertThat(request.attributes()).isEmpty();
    assertThat(request.priority()).isEqualTo(1);
    assertThat(request.deadlineMs()).isNull();
    assertThat(JsonSchemas.problems("ImageRequest", bytes(text))).isEmpty();
  }

  @Test
  void shouldReadAddresses() throws Exception {
    String url = "https://a.test/in/x.jpg?y=1";
    ImageRequest avro = ImageRequest.newBuilder().setImageUrl(url).setLabel("cat").build();
    String text = "{\"imageUrl\":\"" + url + "\"}";
    String list = "# one\r\n" + url + "\r\n";

    assertThat(read(avro(avro)).label()).isEqualTo("cat");
    assertThat(JsonSchemas.problems("ImageRequest", bytes(text))).isEmpty();
    for (RequestReader.Request request :
        List.of(
            read(avro(avro)),
            json(text),
            read(bytes(list), "content-type", "text/uri-list; charset=utf-8"))) {
      assertThat(request.address()).isEqualTo(url);
      assertThat(request.image()).isEmpty();
      assertThat(request.with(IMAGE).image()).isEqualTo(IMAGE);
      assertThat(request.with(IMAGE).address()).isNull();
    }
    assertThat(read(bytes(url), "content-type", "text/uri-list", "vmoe-label", "dog").label())
        .isEqualTo("dog");
  }

  @Test
  void shouldWantEitherAnImageOrItsAddress() {
    String both = "{\"image\":\"AAAA\",\"imageUrl\":\"https://a.test/x\"}";
    assertThat(jsonRefusal(both)).startsWith("Refused: there is an image and an imageUrl");
    assertThat(jsonRefusal("{}")).isEqualTo("Refused: there is neither an image nor an imageUrl");
    assertThat(refusal("# none", "content-type", "text/uri-list"))
        .isEqualTo("Refused: the value has 0 addresses; text/uri-list has to have one");
    assertThat(refusal("https://a.test/1\nhttps://a.test/2", "content-type", "text/uri-list"))
        .contains("2 addresses");
  }

  @Test
  void shouldReadHeadersBesideRawBytes() throws Exception {
    RequestReader.Request request =
        read(
            IMAGE,
            "content-type",
            "image/png",
            "vmoe-id",
            "photo ä",
            "vmoe-label",
            "cat",
            "vmoe-priority",
            "0.5",
            "vmoe-deadline",
            "1767268800000");

    assertThat(request.image()).isEqualTo(IMAGE);
    assertThat(request.id()).isEqualTo("photo ä");
    assertThat(request.label()).isEqualTo("cat");
    assertThat(request.priority()).isEqualTo(0.5f);
    assertThat(request.deadlineMs()).isEqualTo(1767268800000L);
  }

  @ParameterizedTest
  @CsvSource({
    "content-type, vmoe-id, vmoe-label, vmoe-priority, vmoe-deadline",
    "Content-Type, Vmoe-Id, Vmoe-Label, Vmoe-Priority, Vmoe-Deadline",
    "CONTENT-TYPE, VMOE-ID, VMOE-LABEL, VMOE-PRIORITY, VMOE-DEADLINE",
  })
  void shouldReadNamesOfHeadersInCapitalsOrNot(
      String type, String id, String label, String priority, String deadline) throws Exception {
    RequestReader.Request request =
        read(IMAGE, type, "Image/PNG", id, "1", label, "cat", priority, "0.5", deadline, "6");

    assertThat(request.image()).isEqualTo(IMAGE);
    assertThat(request.id()).isEqualTo("1");
    assertThat(request.label()).isEqualTo("cat");
    assertThat(request.priority()).isEqualTo(0.5f);
    assertThat(request.deadlineMs()).isEqualTo(6);
    assertThat(request.headers()).isEmpty();
  }

  @Test
  void shouldLetHeadersCountBeforeTheValue() throws Exception {
    ImageRequest written =
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(IMAGE))
            .setId("of the value")
            .setLabel("dog")
            .setPriority(7)
            .setDeadline(Instant.ofEpochMilli(5))
            .build();
    RequestReader.Request plain = read(avro(written));
    assertThat(plain.image()).isEqualTo(IMAGE);
    assertThat(plain.id()).isEqualTo("of the value");
    assertThat(plain.deadlineMs()).isEqualTo(5);

    RequestReader.Request request =
        read(
            avro(written),
            "vmoe-id",
            "of the header",
            "vmoe-label",
            "cat",
            "vmoe-priority",
            "2",
            "vmoe-deadline",
            "6");
    assertThat(request.id()).isEqualTo("of the header");
    assertThat(request.label()).isEqualTo("cat");
    assertThat(request.priority()).isEqualTo(2);
    assertThat(request.deadlineMs()).isEqualTo(6);
  }

  @ParameterizedTest
  @CsvSource({
    "vmoe-priority, high, 'the header vmoe-priority is ''high'', not a number such as 0.5'",
    "vmoe-priority, NaN, not a number such as 0.5",
    "vmoe-priority, 1e1, not a number such as 0.5",
    "vmoe-priority, '', not a number such as 0.5",
    "vmoe-priority, ' 1', not a number such as 0.5",
    "vmoe-priority, 0x1p3, not a number such as 0.5",
    "vmoe-priority, 200, 'the priority is 200.0, which is not from 0.01 to 100.0'",
    "vmoe-priority, -1, 'the priority is -1.0, which is not from 0.01 to 100.0'",
    "vmoe-deadline, tomorrow, not a time in milliseconds since 1970",
    "vmoe-deadline, 1.5, not a time in milliseconds since 1970",
    "vmoe-deadline, 99999999999999999999, not a time in milliseconds since 1970",
    "vmoe-deadline, -5, 'the deadline is -5 ms since 1970, which is below 0'",
  })
  void shouldRefuseAHeaderThatIsWrong(String header, String value, String reason) {
    assertThat(refusal("image", "content-type", "image/png", header, value))
        .startsWith("Refused: ")
        .contains(reason);
  }

  @ParameterizedTest
  @CsvSource({"vmoe-lable", "Vmoe-Prority", "vmoe-", "vmoe-customer"})
  void shouldRefuseAHeaderThatDoesNotExist(String header) {
    assertThat(refusal("image", "content-type", "image/png", header, "1"))
        .isEqualTo(
            "Refused: there is no header '%s', but vmoe-id, vmoe-label, vmoe-priority, vmoe-deadline"
                .formatted(header));
  }

  @ParameterizedTest
  @CsvSource({"text/json", "application/vnd.photo+json", "application/octet-stream"})
  void shouldNameAContentTypeThatIsNotKnown(String type) {
    assertThat(refusal("{\"image\":\"AAAA\"}", "Content-Type", type + "; charset=utf-8"))
        .startsWith("NotAvro: content-type " + type + " is not known, and the value (16 bytes) is");
    assertThat(refusal("none")).startsWith("NotAvro: the value (4 bytes) is not Avro");
    assertThat(refusal("none", "content-type", "application/avro"))
        .startsWith("NotAvro: the value (4 bytes) is not Avro");
  }

  /** Other clients name it in other ways. */
  @Test
  void shouldReadAvroOfAnyName() throws Exception {
    byte[] avro = avro(ImageRequest.newBuilder().setImage(ByteBuffer.wrap(IMAGE)).build());

    assertThat(read(avro, "content-type", "avro/binary").image()).isEqualTo(IMAGE);
  }

  @Test
  void shouldRefuseAHeaderThatIsNoText() {
    assertThat(refusal("i", "content-type", "image/png", "vmoe-label", "a", "vmoe-label", "a"))
        .isEqualTo("Refused: the header vmoe-label comes more than once");
    assertThat(refusal("i", "content-type", "image/png", "vmoe-label", "a", "Vmoe-Label", "a"))
        .isEqualTo("Refused: the header vmoe-label comes more than once");
    Headers headers = new RecordHeaders().add("content-type", bytes("image/png"));
    Headers latin = new RecordHeaders(headers).add("vmoe-id", new byte[] {(byte) 0xe4});
    assertThatExceptionOfType(BadRecordException.Refused.class)
        .isThrownBy(() -> read(EventFormat.AVRO, IMAGE, latin))
        .withMessage("the header vmoe-id is not text in UTF-8");
    assertThatExceptionOfType(BadRecordException.Refused.class)
        .isThrownBy(() -> read(EventFormat.AVRO, IMAGE, headers.add("vmoe-id", null)))
        .withMessage("the header vmoe-id has no value");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          ``                                    | the value is not an object
          []                                    | the value is not an object
          null                                  | the value is not an object
          {                                     | Unexpected end-of-input
          {"image":"AAAA"} {}                   | something follows behind the object
          {"image":"AAAA",}                     | was expecting double-quote to start field name
          {"image":"AAAA","image":"AAAA"}       | Duplicate field 'image'
          {"image":"AAAA","attributes":{"a":"1","a":"2"}} | Duplicate field 'a'
          {"image":"AAAA","lable":"cat"}        | there is no field 'lable', but image, contentType
          {"image":"AA$A"}                      | Illegal character '$'
          {"image":"A"}                         | base64
          {"image":"_-8="}                      | Illegal character '_'
          {"image":17}                          | image is not a text in base64
          {"image":null}                        | image is not a text in base64
          {"image":["AAAA"]}                    | image is not a text in base64
          {"image":"AAAA","label":7}            | label is not a text
          {"image":"AAAA","label":"\\ud800"}    | label has half of a surrogate pair
          {"image":"AAAA","attributes":{"\\udc00":"a"}} | Unexpected low surrogate in field name
          {"image":"AAAA","attributes":{"\\ud800":"a"}} | surrogate
          {"image":"AAAA","attributes":["a"]}   | attributes is not an object
          {"image":"AAAA","attributes":{"a":1}} | attributes.a is not a text
          {"image":"AAAA","attributes":null}    | attributes is not an object
          {"image":"AAAA","priority":"1"}       | priority is not a number
          {"image":"AAAA","priority":null}      | priority is not a number
          {"image":"AAAA","priority":NaN}       | Non-standard token 'NaN'
          {"image":"AAAA","deadline":1.5}       | deadline is not a whole number
          {"image":"AAAA","deadline":"soon"}    | deadline is not a whole number
          {"image":"AAAA","deadline":99999999999999999999} | out of range
          """)
  void shouldRefuseJsonThatIsWrong(String text, String reason) {
    assertThat(jsonRefusal(text)).startsWith("NotJson: the value is not the JSON").contains(reason);
  }

  @Test
  void shouldRefuseBase64OfMoreBytesThanAnImageMayHave() {
    String large = Base64.getEncoder().encodeToString(new byte[1001]);
    assertThat(jsonRefusal("{\"image\":\"" + large + "\"}"))
        .isEqualTo("Refused: the image has 1001 bytes, more than image.max.bytes = 1000");
  }

  /** A control character is one byte in Avro, and six in JSON. */
  @Test
  void shouldCountWhatIsCarriedAsItWillBeWritten() throws Exception {
    byte[] written =
        avro(
            ImageRequest.newBuilder()
                .setImage(ByteBuffer.wrap(IMAGE))
                .setAttributes(Map.of("a", "\u0001".repeat(100_000)))
                .build());

    assertThat(read(EventFormat.AVRO, written).attributes()).hasSize(1);
    assertThatExceptionOfType(BadRecordException.Refused.class)
        .isThrownBy(() -> read(EventFormat.JSON, written))
        .withMessageContaining("attributes (600011)");
  }

  @Test
  void shouldReadACloudEventInBinaryMode() throws Exception {
    RequestReader.Request request =
        read(
            IMAGE,
            "content-type",
            "image/png",
            "ce_specversion",
            "1.0",
            "ce_id",
            "e-1",
            "ce_source",
            "/camera/7",
            "ce_type",
            "photo.taken",
            "vmoe-label",
            "cat");

    assertThat(request.image()).isEqualTo(IMAGE);
    assertThat(request.id()).isEqualTo("e-1");
    assertThat(request.label()).isEqualTo("cat");
  }

  @Test
  void shouldReadAttributesInCapitalsAndWriteThemWithout() throws Exception {
    RequestReader.Request request =
        read(
            IMAGE,
            "Content-Type",
            "image/png",
            "Ce_Specversion",
            "1.0",
            "CE_ID",
            "e-1",
            "Ce_Source",
            "/camera/7",
            "Ce_Type",
            "photo.taken",
            "Ce_Time",
            "2026-01-01T12:00:00Z",
            "Ce_Site",
            "north");

    assertThat(request.id()).isEqualTo("e-1");
    assertThat(request.headers())
        .extracting(Header::key)
        .containsExactly("ce_site", "ce_specversion", "ce_id", "ce_source", "ce_type");
  }

  @Test
  void shouldRefuseACloudEventThatLacksAnAttribute() {
    assertThat(refusal("i", "ce_specversion", "1.0", "ce_id", "e-1", "content-type", "image/png"))
        .isEqualTo("Refused: the CloudEvent has no source");
    assertThat(
            refusal(
                "i",
                "ce_specversion",
                "1.0",
                "ce_id",
                "",
                "ce_source",
                "/a",
                "ce_type",
                "b",
                "content-type",
                "image/png"))
        .isEqualTo("Refused: the CloudEvent has no id");
    assertThat(refusal("i", "ce_specversion", "0.3", "content-type", "image/png"))
        .isEqualTo("Refused: the specversion of the CloudEvent is 0.3, and has to be 1.0");
  }

  @ParameterizedTest
  @ValueSource(strings = {"application/cloudevents+json", "application/cloudevents-batch+json"})
  void shouldSayThatACloudEventHasToComeInBinaryMode(String type) {
    assertThat(refusal("{\"specversion\":\"1.0\"}", "content-type", type + "; charset=UTF-8"))
        .startsWith("Refused: content-type " + type + " is a CloudEvent in structured mode")
        .contains("send it in binary mode", "ce_specversion, ce_id, ce_source, ce_type");
  }
}
