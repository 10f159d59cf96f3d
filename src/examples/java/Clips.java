import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints one label for each key and window of time: that of the largest summed score. */
class Clips {

  static final String BROKERS = System.getenv().getOrDefault("BROKERS", "localhost:9092");
  static final String TOPIC = System.getenv().getOrDefault("TOPIC", "vmoe.predictions");
  static final long WINDOW_MS = Long.parseLong(System.getenv().getOrDefault("WINDOW_MS", "1000"));
  static final ObjectMapper JSON = new ObjectMapper();

  /** The open window of a key. */
  static class Window {
    final long start;
    final Map<String, Double> sums = new HashMap<>();
    int frames;

    Window(long start) {
      this.start = start;
    }

    void add(JsonNode answer) {
      frames++;
      for (JsonNode each : answer.get("top")) {
        sums.merge(each.get("label").asText(), each.get("score").asDouble(), Double::sum);
      }
    }

    void print(String key) {
      Map.Entry<String, Double> best =
          sums.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
      double all = sums.values().stream().mapToDouble(Double::doubleValue).sum();
      System.out.printf(
          "%s\t%d\t%s\t%.3f\t%d%n", key, start, best.getKey(), best.getValue() / all, frames);
    }
  }

  public static void main(String[] args) throws Exception {
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            BROKERS,
            "group.id",
            System.getenv().getOrDefault("GROUP", "my-clips"),
            "isolation.level",
            "read_committed", // without answers that were rolled back
            "auto.offset.reset",
            "earliest");
    Map<String, Window> open = new HashMap<>();
    try (KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(settings, new StringDeserializer(), new ByteArrayDeserializer())) {
      consumer.subscribe(List.of(TOPIC));
      while (true) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          if (record.key() != null) {
            add(open, record);
          }
        }
      }
    }
  }

  /**
   * The first frame of a later window prints the one before; frames of earlier windows are late.
   */
  static void add(Map<String, Window> open, ConsumerRecord<String, byte[]> record)
      throws Exception {
    long start = record.timestamp() - record.timestamp() % WINDOW_MS;
    Window window = open.computeIfAbsent(record.key(), key -> new Window(start));
    if (start > window.start) {
      window.print(record.key());
      window = new Window(start);
      open.put(record.key(), window);
    }
    if (start == window.start) {
      window.add(JSON.readTree(record.value()));
    }
  }
}
