package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class RecordJsonTest {

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);

  private String print(byte[] value) {
    return new RecordJson(registry).line(new ConsumerRecord<>("topic", 0, 0L, null, value));
  }

  private int register(String schema) {
    return registry.register("t", new Schema.Parser().parse(schema));
  }

  @Test
  @Timeout(10)
  void shouldNotCountAnArrayOfNothing() {
    int id = register("{\"type\": \"array\", \"items\": \"null\"}");
    // zigzag varint of 2^62 where the array's length belongs
    byte[] lie = {-128, -128, -128, -128, -128, -128, -128, -128, -128, 1};
    byte[] value = ByteBuffer.allocate(15).put((byte) 0).putInt(id).put(lie).array();

    assertThat(print(value)).contains("\"bytes\":15", "items take no bytes");
  }

  @Test
  void shouldPrintJsonWithoutTheBase64OfImages() {
    assertThat(printText("{\"label\":\"cat\",\"image\":\"AAAAAAAA\"}"))
        .contains("\"value\":{\"label\":\"cat\",\"image\":{\"bytes\":6}}");
    assertThat(printText("{\"data_base64\":\"AAAA\"}"))
        .contains("\"value\":{\"data_base64\":{\"bytes\":3}}");
    assertThat(printText("{\"data\":{\"image\":\"AAAA\"},\"id\":7}"))
        .contains("\"value\":{\"data\":{\"image\":{\"bytes\":3}},\"id\":7}");
    assertThat(printText("{\"a\":".repeat(100_000))).contains("\"bytes\":500000,\"unreadable\"");
  }

  private String printText(String text) {
    return print(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shouldNotPrintARecordThatIsNestedTooDeeply() {
    int id =
        register(
            """
            {"type": "record", "name": "Box", "fields": [
              {"name": "within", "type": ["null", "Box"]}]}
            """);

    assertThat(print(nested(id, 3))).contains("{\"within\":{\"within\":{\"within\":null}}}");
    assertThat(print(nested(id, 1_500))).contains("nested more deeply than can be printed");
    assertThat(print(nested(id, 1_000_000))).contains("nested more deeply than can be printed");
  }

  /** Boxes in boxes: branch 1 of the union for each, branch 0 at the end. */
  private static byte[] nested(int id, int depth) {
    byte[] bytes = new byte[5 + depth + 1];
    ByteBuffer.wrap(bytes, 1, 4).putInt(id);
    Arrays.fill(bytes, 5, 5 + depth, (byte) 2);
    return bytes;
  }
}
