package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.event.Prediction;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What became of the records in topics of images: predictions, and dead letters. */
public final class Answers implements AutoCloseable {

  public final Workbench.Reader<Prediction> predictions;
  final Workbench.Reader<byte[]> letters;
  private final List<Workbench.Reader<byte[]>> images;

  private Answers(Workbench workbench, String predictions, List<String> images) {
    this.predictions = workbench.predictions(predictions);
    this.letters = workbench.reader("images.dlq");
    this.images = images.stream().map(workbench::reader).toList();
  }

  public static Answers of(Workbench workbench) {
    return new Answers(workbench, "predictions", List.of("images"));
  }

  /** Returns the answers of a pipeline with other topics; all names are without the prefix. */
  static Answers of(Workbench workbench, String predictions, List<String> images) {
    return new Answers(workbench, predictions, images);
  }

  /** Reads what has been committed since; returns how many answers were read so far. */
  public int poll() {
    return predictions.poll().size() + letters.poll().size();
  }

  /** Returns keys by the position of the image, of predictions and dead letters alike. */
  private Map<String, String> read(Map<String, Integer> times) {
    Map<String, String> keys = new TreeMap<>();
    for (int i = 0; i < predictions.records.size(); i++) {
      Prediction prediction = predictions.read.get(i);
      String position =
          position(
              prediction.getSourceTopic(),
              prediction.getSourcePartition(),
              prediction.getSourceOffset());
      keys.put(position, key(predictions.records.get(i)));
      times.merge(position, 1, Integer::sum);
    }
    for (ConsumerRecord<byte[], byte[]> letter : letters.records) {
      String position =
          position(
              header(letter, DeadLetter.TOPIC),
              header(letter, DeadLetter.PARTITION),
              header(letter, DeadLetter.OFFSET));
      keys.put(position, key(letter));
      times.merge(position, 1, Integer::sum);
    }
    return keys;
  }

  private static String position(String topic, Object partition, Object offset) {
    return topic + "/" + partition + "/" + offset;
  }

  /** Reads on to the ends and holds the answers against the records that were sent. */
  public void assertExactlyOnce() {
    images.forEach(Workbench.Reader::pollToEnd);
    predictions.pollToEnd();
    letters.pollToEnd();
    Map<String, Integer> times = new HashMap<>();
    Map<String, String> answered = read(times);
    Map<String, String> sent = new TreeMap<>();
    for (Workbench.Reader<byte[]> reader : images) {
      for (ConsumerRecord<byte[], byte[]> image : reader.records) {
        sent.put(position(image.topic(), image.partition(), image.offset()), key(image));
      }
    }
    assertThat(sent.keySet().stream().filter(position -> !answered.containsKey(position)))
        .as("records without an answer")
        .isEmpty();
    times.values().removeIf(count -> count == 1);
    assertThat(times).as("records with several answers").isEmpty();
    assertThat(answered.equals(sent)).as("answers have their records' positions and keys").isTrue();
  }

  /** Holds the predictions of each partition of images against the order of their offsets. */
  void assertInOrder() {
    Map<List<Integer>, Long> last = new HashMap<>();
    for (int i = 0; i < predictions.read.size(); i++) {
      Prediction prediction = predictions.read.get(i);
      int written = predictions.records.get(i).partition();
      Long before =
          last.put(List.of(prediction.getSourcePartition(), written), prediction.getSourceOffset());
      assertThat(prediction.getSourceOffset()).isGreaterThan(before == null ? -1 : before);
    }
  }

  /** Returns the keys of a reader's records. */
  static List<String> keys(Workbench.Reader<?> reader) {
    return reader.records.stream().map(Answers::key).toList();
  }

  static String key(ConsumerRecord<byte[], byte[]> record) {
    return new String(record.key(), StandardCharsets.UTF_8);
  }

  /** Returns the text of a header that has to be there. */
  static String header(ConsumerRecord<byte[], byte[]> record, String name) {
    return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    predictions.close();
    letters.close();
    images.forEach(Workbench.Reader::close);
  }
}
