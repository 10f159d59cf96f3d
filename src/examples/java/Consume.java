import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.DecoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints each prediction once, whether it is JSON or Avro. */
class Consume {

  static final String BROKERS = System.getenv().getOrDefault("BROKERS", "localhost:9092");
  static final String REGISTRY = System.getenv().getOrDefault("REGISTRY", "http://localhost:8081");
  static final String TOPIC = System.getenv().getOrDefault("TOPIC", "vmoe.predictions");
  static final ObjectMapper JSON = new ObjectMapper();
  static final Map<Integer, Schema> SCHEMAS = new HashMap<>();

  /** In a partition, answers to one partition of images come in its order. */
  static final Map<List<Object>, Long> NEWEST = new HashMap<>();

  public static void main(String[] args) throws Exception {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            BROKERS,
            "group.id",
            System.getenv().getOrDefault("GROUP", "my-app"),
            "isolation.level",
            "read_committed", // without answers that were rolled back
            "auto.offset.reset",
            "earliest");
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      while (true) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          JsonNode answer = read(record);
          JsonNode best = answer.at("/top/0");
          if (isNew(record.partition(), answer)) {
            System.out.printf(
                "%s\t%s\t%.3f%n",
                answer.get("id").asText(),
                best.get("label").asText(),
                best.get("score").asDouble());
          }
        }
      }
    }
  }

  static JsonNode read(ConsumerRecord<String, byte[]> record) throws Exception {
    byte[] value = record.value();
    String type = new String(record.headers().lastHeader("content-type").value());
    if (type.equals("application/json")) {
      return JSON.readTree(value);
    }
    Schema schema = schema(ByteBuffer.wrap(value).getInt(1));
    GenericRecord answer =
        new GenericDatumReader<GenericRecord>(schema)
            .read(null, DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, null));
    return JSON.readTree(answer.toString()); // an Avro record prints itself as JSON
  }

  static Schema schema(int id) throws Exception {
    if (!SCHEMAS.containsKey(id)) {
      JsonNode found = JSON.readTree(URI.create(REGISTRY + "/schemas/ids/" + id).toURL());
      SCHEMAS.put(id, new Schema.Parser().parse(found.get("schema").asText()));
    }
    return SCHEMAS.get(id);
  }

  static boolean isNew(int partition, JsonNode answer) {
    List<Object> pair =
        List.of(
            partition, answer.get("sourceTopic").asText(), answer.get("sourcePartition").asInt());
    long offset = answer.get("sourceOffset").asLong();
    boolean isNew = offset > NEWEST.getOrDefault(pair, -1L);
    if (isNew) {
      NEWEST.put(pair, offset);
    }
    return isNew;
  }
}
