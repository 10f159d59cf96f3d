import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends image files, as JSON or Avro. Arguments: {@code [--avro] FILE...} */
class Produce {

  static final String BROKERS = System.getenv().getOrDefault("BROKERS", "localhost:9092");
  static final String REGISTRY = System.getenv().getOrDefault("REGISTRY", "http://localhost:8081");
  static final String TOPIC = System.getenv().getOrDefault("TOPIC", "vmoe.images");
  static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    boolean avro = args[0].equals("--avro");
    JsonNode latest = avro ? latestSchema() : null;
    String contentType = avro ? "application/avro" : "application/json";
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            BROKERS,
            "acks",
            "all", // and idempotent, the default: what is acknowledged is there once
            "max.request.size",
            16 << 20); // the topic's limit decides
    List<Future<?>> sent = new ArrayList<>();
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer())) {
      for (String file : Arrays.asList(args).subList(avro ? 1 : 0, args.length)) {
        String name = Path.of(file).getFileName().toString();
        byte[] image = Files.readAllBytes(Path.of(file));
        byte[] value =
            avro
                ? asAvro(latest, name, image)
                : JSON.writeValueAsBytes(Map.of("id", name, "image", image));
        ProducerRecord<String, byte[]> record = new ProducerRecord<>(TOPIC, name, value);
        record.headers().add("content-type", contentType.getBytes());
        sent.add(producer.send(record));
      }
    }
    for (Future<?> outcome : sent) {
      outcome.get(); // throws what went wrong
    }
  }

  static JsonNode latestSchema() throws Exception {
    return JSON.readTree(
        URI.create(REGISTRY + "/subjects/" + TOPIC + "-value/versions/latest").toURL());
  }

  /** Confluent's wire format: a zero, the schema's id in four bytes, Avro. */
  static byte[] asAvro(JsonNode latest, String id, byte[] image) throws Exception {
    Schema schema = new Schema.Parser().parse(latest.get("schema").asText());
    GenericData.Record request =
        new GenericRecordBuilder(schema).set("image", ByteBuffer.wrap(image)).set("id", id).build();
    ByteArrayOutputStream value = new ByteArrayOutputStream();
    value.write(ByteBuffer.allocate(5).putInt(1, latest.get("id").asInt()).array());
    new GenericDatumWriter<GenericRecord>(schema)
        .write(request, EncoderFactory.get().directBinaryEncoder(value, null));
    return value.toByteArray();
  }
}
