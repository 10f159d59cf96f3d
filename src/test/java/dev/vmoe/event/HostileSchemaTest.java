package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;

/** A registry whose schemas name classes, as Avro's Java lets them. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class HostileSchemaTest {

  /** By name: asking for the class would load it. */
  private static final String TRAP = "dev.vmoe.event.NamedBySchema";

  /** Whether anything was made of that class. */
  static volatile boolean sprung;

  private static final String TEXT =
      "{\"type\": \"string\", \"avro.java.string\": \"String\", \"java-class\": \"TRAP\"}";

  private static final String TEMPLATE =
      """
      {"type": "record", "name": "ImageRequest", "namespace": "dev.vmoe.event", "fields": [
        {"name": "image", "type": {"type": "bytes", "java-class": "TRAP"}},
        {"name": "label", "type": ["null", TEXT]},
        {"name": "attributes", "type": {"type": "map", "avro.java.string": "String",
          "java-key-class": "TRAP", "values": TEXT}},
        {"name": "more", "type": {"type": "record", "name": "NamedBySchema", "fields": [
          {"name": "text", "type": TEXT}]}},
        {"name": "list", "type": {"type": "array", "items": "string",
          "java-class": "TRAP", "java-element-class": "TRAP"}}
      ]}
      """;

  private static final String SCHEMA = TEMPLATE.replace("TEXT", TEXT).replace("TRAP", TRAP);

  private HttpServer server;
  private RegistryClient registry;

  @BeforeEach
  void start() throws IOException {
    sprung = false;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String json = new com.fasterxml.jackson.databind.ObjectMapper().valueToTree(SCHEMA).toString();
    byte[] answer = ("{\"schema\": " + json + "}").getBytes(StandardCharsets.UTF_8);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    registry =
        new RegistryClient(
            "http://127.0.0.1:" + server.getAddress().getPort(), Map.of(), Duration.ofSeconds(10));
  }

  @AfterEach
  void stop() {
    registry.close();
    server.stop(0);
  }

  private static byte[] payload() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Encoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    encoder.writeBytes(new byte[] {1, 2, 3});
    encoder.writeIndex(1);
    encoder.writeString("cat");
    encoder.writeMapStart();
    encoder.setItemCount(1);
    encoder.startItem();
    encoder.writeString("file");
    encoder.writeString("a.png");
    encoder.writeMapEnd();
    encoder.writeString("text of the trap");
    encoder.writeArrayStart();
    encoder.setItemCount(1);
    encoder.startItem();
    encoder.writeString("x");
    encoder.writeArrayEnd();
    encoder.flush();
    return bytes.toByteArray();
  }

  private static byte[] record() throws IOException {
    byte[] payload = payload();
    return ByteBuffer.allocate(5 + payload.length).put((byte) 0).putInt(7).put(payload).array();
  }

  @Test
  void shouldReadARecordWithoutLoadingWhatItsSchemaNames() throws Exception {
    ImageRequest request = new AvroDeserializer<>(registry, ImageRequest.class).read(record());

    assertThat(request.getLabel()).isEqualTo("cat");
    assertThat(request.getAttributes()).containsExactly(Map.entry("file", "a.png"));
    assertThat(request.getImage().remaining()).isEqualTo(3);
    assertThat(sprung).isFalse();
  }

  @Test
  void shouldPrintARecordWithoutLoadingWhatItsSchemaNames() throws Exception {
    String line =
        new RecordJson(registry).line(new ConsumerRecord<>("topic", 0, 0L, null, record()));

    assertThat(line).contains("\"label\":\"cat\"", "\"text\":\"text of the trap\"");
    assertThat(sprung).isFalse();
  }

  /** So the trap is one: Avro's own way to read what a schema says springs it. */
  @Order(Integer.MAX_VALUE) // a class is loaded once
  @Test
  void shouldHaveATrapThatWorks() throws Exception {
    Schema schema = new Schema.Parser().parse(SCHEMA);
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(payload(), null);
    GenericData.get().setFastReaderEnabled(true); // as it is by default
    assertThat(new GenericDatumReader<>(schema).read(null, decoder)).isNotNull();
    assertThat(sprung).isTrue();
  }
}
