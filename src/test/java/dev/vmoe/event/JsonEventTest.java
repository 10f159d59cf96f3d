package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.streams.settings.EventFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Events as JSON: the fields of the Avro schema, as the JSON Schema says them. */
class JsonEventTest {

  private static final String COMMAND =
      "mvn -q test -Dtest=JsonEventTest -Dsurefire.failIfNoSpecifiedTests=false"
          + " -Dupdate.docs=true";
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);

  static Prediction prediction() {
    return Prediction.newBuilder()
        .setTop(List.of(new ClassScore(3, "Käse \"alt\"\n", 0.1f), new ClassScore(1, "b", 1e-9f)))
        .setId("photo 1")
        .setLabel("cat")
        .setAttributes(Map.of("camera", "7"))
        .setModel("m")
        .setWeightsHash("h")
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.1)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setBatchId("b-1")
        .setBatchSize(1)
        .setFlushReason("size")
        .setProcessedShare(1)
        .setQueueMicros(1)
        .setDecodeMicros(2)
        .setInferenceMicros(3)
        .setConfigurationVersion(5L)
        .setSourceTopic("images")
        .setSourcePartition(0)
        .setSourceOffset(1L << 40)
        .setFeatures(ByteBuffer.wrap(new byte[] {0, -1, 7, 64}))
        .build();
  }

  static ExpertUtilization utilization() {
    List<LayerUtilization> layers =
        List.of(
            new LayerUtilization(
                1, List.of(5L, 1L), List.of(4L, 0L), List.of(.5, 0.0), List.of(.6, 1e-5), 1L));
    return ExpertUtilization.newBuilder()
        .setBatchId("b-1")
        .setBatchSize(1)
        .setImages(1)
        .setSourceTopic("images")
        .setSourcePartition(0)
        .setFirstOffset(7)
        .setLastOffset(7)
        .setModel("m")
        .setWeightsHash("h")
        .setRequestedCapacityRatio(1.05)
        .setEffectiveCapacityRatio(1.1)
        .setExpertsPerToken(2)
        .setRouting("bpr")
        .setFlushReason("size")
        .setTokensPerImage(5)
        .setCapacity(4)
        .setSlots(4)
        .setInferenceMicros(3)
        .setLayers(layers)
        .setClasses(List.of(new ClassUtilization("cat", 3, 1, layers)))
        .build();
  }

  static Stream<SpecificRecord> events() {
    return Stream.of(prediction(), utilization());
  }

  static Stream<Arguments> schemas() {
    return Stream.of(
        Arguments.of(ImageRequest.getClassSchema(), true),
        Arguments.of(Prediction.getClassSchema(), false),
        Arguments.of(ExpertUtilization.getClassSchema(), false));
  }

  @ParameterizedTest
  @MethodSource("schemas")
  void shouldHaveTheJsonSchemaOfTheAvroSchema(Schema avro, boolean closed) throws IOException {
    String schema = JsonSchemas.of(avro, closed);
    if (Boolean.getBoolean("update.docs")) {
      Files.writeString(JsonSchemas.file(avro.getName()), schema);
    }

    assertThat(JsonSchemas.file(avro.getName()))
        .as("%s is stale; regenerate it with: %s", avro.getName(), COMMAND)
        .exists()
        .hasContent(schema);
  }

  private <T extends SpecificRecord> byte[] json(T event) {
    return new EventSerializer<T>(EventFormat.JSON, registry).serialize("events", event);
  }

  private static ObjectNode tree(byte[] json) throws IOException {
    return (ObjectNode) MAPPER.readTree(json);
  }

  @ParameterizedTest
  @MethodSource("events")
  void shouldWriteEveryFieldAsTheJsonSchemaSays(SpecificRecord event) throws IOException {
    byte[] json = json(event);
    String schema = event.getSchema().getName();

    assertThat(JsonSchemas.problems(schema, json)).isEmpty();
    assertThat(tree(json).fieldNames())
        .toIterable()
        .containsExactlyElementsOf(names(event.getSchema()));
    ObjectNode wrong = tree(json);
    wrong.put("batchSize", "one");
    assertThat(JsonSchemas.problems(schema, MAPPER.writeValueAsBytes(wrong))).hasSize(1);
  }

  private static List<String> names(Schema schema) {
    return schema.getFields().stream().map(Schema.Field::name).toList();
  }

  @Test
  void shouldWriteWhatAPersonWouldExpect() {
    assertThat(new String(json(prediction()), StandardCharsets.UTF_8))
        .startsWith(
            "{\"top\":[{\"index\":3,\"label\":\"Käse \\\"alt\\\"\\n\",\"score\":0.1},"
                + "{\"index\":1,\"label\":\"b\",\"score\":1.0E-9}],\"label\":\"cat\","
                + "\"attributes\":{\"camera\":\"7\"},\"model\":\"m\"")
        .endsWith(
            "\"configurationVersion\":5,\"sourceTopic\":\"images\",\"sourcePartition\":0,"
                + "\"sourceOffset\":1099511627776,\"id\":\"photo 1\","
                + "\"features\":\"AP8HQA==\"}");
  }

  @ParameterizedTest
  @EnumSource
  void shouldReadWhicheverFormatWasWritten(EventFormat format) throws Exception {
    RecordHeaders headers = new RecordHeaders();
    headers.add("content-type", new byte[] {1});
    byte[] written =
        new EventSerializer<Prediction>(format, registry).serialize("p", headers, prediction());

    assertThat(new EventReader<>(registry, Prediction.class).read(written)).isEqualTo(prediction());
    assertThat(headers.toArray()).hasSize(1);
    assertThat(headers.lastHeader("content-type").value())
        .asString()
        .isEqualTo("application/" + format.name().toLowerCase(java.util.Locale.ROOT));
    byte[] layers =
        new EventSerializer<ExpertUtilization>(format, registry).serialize("u", utilization());
    assertThat(new EventReader<>(registry, ExpertUtilization.class).read(layers))
        .isEqualTo(utilization());
  }

  @Test
  void shouldUnderstandOlderAndNewerVersions() throws Exception {
    ObjectNode older = tree(json(prediction()));
    older.remove(List.of("priority", "id"));
    ObjectNode newer = tree(json(prediction()));
    newer.putObject("added").putArray("deep").add(1).addObject().put("deeper", true);
    EventReader<Prediction> reader = new EventReader<>(registry, Prediction.class);

    Prediction read = reader.read(MAPPER.writeValueAsBytes(older));
    assertThat(read.getPriority()).isEqualTo(1);
    assertThat(read.getId()).isNull();
    assertThat(reader.read(MAPPER.writeValueAsBytes(newer))).isEqualTo(prediction());
    assertThat(JsonSchemas.problems("Prediction", MAPPER.writeValueAsBytes(older))).isEmpty();
    assertThat(JsonSchemas.problems("Prediction", MAPPER.writeValueAsBytes(newer))).isEmpty();
  }

  @Test
  void shouldWriteNaNAsNull() throws Exception {
    Prediction broken = prediction();
    broken.setTop(List.of(new ClassScore(0, "a", Float.NaN)));

    byte[] json = json(broken);
    assertThat(new String(json, StandardCharsets.UTF_8)).contains("\"score\":null");
    assertThat(new EventReader<>(registry, Prediction.class).read(json)).hasToString("" + broken);
  }

  @Test
  void shouldWriteARequestThatCanBeRead() throws Exception {
    ImageRequest request =
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(new byte[] {-1, 2, 3, 4}))
            .setLabel("Käse \"alt\"")
            .setAttributes(Map.of("camera", "7"))
            .setPriority(2.5f)
            .setDeadline(Instant.ofEpochMilli(1_767_268_800_123L))
            .build();

    byte[] json = RecordJson.bytes(request);

    assertThat(JsonReader.ofRequests(ImageRequest.class).read(json)).isEqualTo(request);
    assertThat(JsonSchemas.problems("ImageRequest", json)).isEmpty();
  }

  @Test
  void shouldShowADocumentOfEachKindWithAllFieldsOfItsSchema() throws Exception {
    Path page = JsonSchemas.file("").resolveSibling("../src/docs/clients.md");
    Map<String, Integer> shown = new TreeMap<>();
    Matcher block =
        Pattern.compile("```json\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(page));
    while (block.find()) {
      ObjectNode document = tree(block.group(1).getBytes(StandardCharsets.UTF_8));
      String kind = document.has("image") ? "ImageRequest" : "Prediction";
      shown.merge(kind, 1, Integer::sum);
      assertThat(JsonSchemas.problems(kind, MAPPER.writeValueAsBytes(document))).isEmpty();
      Schema schema =
          kind.equals("Prediction") ? Prediction.getClassSchema() : ImageRequest.getClassSchema();
      assertThat(document.fieldNames())
          .toIterable()
          .as(kind)
          .containsExactlyElementsOf(names(schema));
    }
    assertThat(shown).containsOnlyKeys("ImageRequest", "Prediction");
  }

  @Test
  void shouldRefuseAnEventThatIsNone() throws IOException {
    EventReader<Prediction> reader = new EventReader<>(registry, Prediction.class);
    ObjectNode without = tree(json(prediction()));
    without.remove("model");

    assertThatExceptionOfType(BadRecordException.NotJson.class)
        .isThrownBy(() -> reader.read(MAPPER.writeValueAsBytes(without)))
        .withMessageContaining("the field model is missing");
    assertThatExceptionOfType(BadRecordException.NotJson.class)
        .isThrownBy(() -> reader.read("{\"top\":[1]}".getBytes(StandardCharsets.UTF_8)))
        .withMessageContaining("top is not an object (line 1, column 10)");
  }
}
