package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.event.JsonSchemas;
import dev.vmoe.streams.instance.Pipeline;
import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.core.message.Encoding;
import io.cloudevents.kafka.CloudEventDeserializer;
import io.cloudevents.kafka.CloudEventSerializer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/** Images in every form, and answers in JSON, by clients that know nothing of this project. */
class FormatsIT {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  @Test
  void shouldTakeImagesInEveryFormAndAnswerInJson() throws Exception {
    Map<String, Object> settings =
        Map.of(
            "predictions.format", "json",
            "predictions.top", 2,
            "predictions.features", "float16");
    try (Workbench workbench = Workbench.open(1);
        FakeClassifier classifier = new FakeClassifier();
        Pipeline pipeline =
            Pipeline.start(workbench.settings(settings), classifier, new FakeDecoder(8 * 8 * 3));
        Workbench.Reader<byte[]> predictions = workbench.reader("predictions");
        Workbench.Reader<byte[]> utilization = workbench.reader("expert-utilization");
        Workbench.Reader<byte[]> letters = workbench.reader("images.dlq")) {
      assertThat(pipeline.awaitRunning(Duration.ofSeconds(30))).isTrue();
      send(workbench);

      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                assertThat(predictions.poll()).hasSize(4);
                assertThat(letters.poll()).hasSize(1);
              });
      Map<String, JsonNode> answers = new LinkedHashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : predictions.records) {
        assertThat(JsonSchemas.problems("Prediction", record.value())).isEmpty();
        assertThat(Answers.header(record, "content-type")).isEqualTo("application/json");
        answers.put(Answers.key(record), MAPPER.readTree(record.value()));
      }
      assertThat(answers).containsOnlyKeys("avro", "raw", "json", "event");
      assertThat(answers.values())
          .extracting(answer -> answer.at("/top/0/label").textValue())
          .containsExactly("grey-0", "grey-2", "grey-5", "grey-7");
      assertThat(answers.values())
          .allSatisfy(answer -> assertThat(answer.get("top")).hasSize(2))
          .allSatisfy(answer -> assertThat(answer.get("features").binaryValue()).hasSize(2 * 2));
      assertThat(answers.get("raw").get("id").textValue()).isEqualTo("photo 1");
      assertThat(answers.get("raw").get("label").textValue()).isEqualTo("cat");
      assertThat(answers.get("json").get("attributes").get("camera").textValue()).isEqualTo("7");
      assertThat(answers.get("event").get("id").textValue()).isEqualTo("event 1");
      assertIsAnEvent(predictions.records.get(3));
      assertThat(Answers.header(letters.records.get(0), DeadLetter.MESSAGE)).contains("base64");

      utilization.pollToEnd();
      int images = 0;
      for (byte[] event : utilization.read) {
        assertThat(JsonSchemas.problems("ExpertUtilization", event)).isEmpty();
        images += MAPPER.readTree(event).get("images").intValue();
      }
      assertThat(images).isEqualTo(4);
      assertThat(subjects(workbench))
          .contains(workbench.topic("images-value"))
          .doesNotContain(workbench.topic("predictions-value"))
          .doesNotContain(workbench.topic("expert-utilization-value"));
    }
  }

  private static void send(Workbench workbench) throws Exception {
    workbench.send(0, "avro", FakeDecoder.grey(10));
    workbench.sendBytes(
        0,
        "raw",
        FakeDecoder.grey(60),
        Map.of("content-type", "image/png", "vmoe-id", "photo 1", "vmoe-label", "cat"));
    Map<String, String> json = Map.of("content-type", "application/json");
    String base64 = Base64.getEncoder().encodeToString(FakeDecoder.grey(130));
    workbench.sendBytes(
        0,
        "json",
        "{\"image\":\"%s\",\"attributes\":{\"camera\":\"7\"}}".formatted(base64).getBytes(),
        json);
    workbench.sendBytes(0, "bad", "{\"image\":\"*\"}".getBytes(StandardCharsets.UTF_8), json);
    workbench.flush();
    sendEvent(workbench, FakeDecoder.grey(190));
  }

  private static void sendEvent(Workbench workbench, byte[] image) throws Exception {
    Map<String, Object> properties = new LinkedHashMap<>();
    properties.put("bootstrap.servers", workbench.bootstrapServers);
    properties.put("value.serializer", CloudEventSerializer.class);
    properties.put(CloudEventSerializer.ENCODING_CONFIG, Encoding.BINARY);
    properties.put("key.serializer", StringSerializer.class);
    try (KafkaProducer<String, CloudEvent> producer = new KafkaProducer<>(properties)) {
      CloudEvent event =
          CloudEventBuilder.v1()
              .withId("event 1")
              .withSource(URI.create("/camera/7"))
              .withType("photo.taken")
              .withSubject("gate")
              .withExtension("site", "north")
              .withData("image/png", image)
              .build();
      producer.send(new ProducerRecord<>(workbench.topic("images"), 0, "event", event)).get();
    }
  }

  private static void assertIsAnEvent(ConsumerRecord<byte[], byte[]> record) {
    try (CloudEventDeserializer deserializer = new CloudEventDeserializer()) {
      CloudEvent answer =
          deserializer.deserialize(record.topic(), record.headers(), record.value());
      assertThat(answer.getId()).matches(".*\\.images-0-4");
      assertThat(answer.getSource().toString()).startsWith("/vmoe/").endsWith("app");
      assertThat(answer.getType()).isEqualTo("dev.vmoe.prediction");
      assertThat(answer.getSubject()).isEqualTo("gate");
      assertThat(answer.getExtension("site")).isEqualTo("north");
      assertThat(answer.getDataContentType()).isEqualTo("application/json");
    }
  }

  private static String subjects(Workbench workbench) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(workbench.registryUrl + "/subjects")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
