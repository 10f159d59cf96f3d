package dev.vmoe.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.app.embedded.SharedServers;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Old and new readers understand old and new writers, and the registry refuses what breaks them.
 */
class SchemaEvolutionIT {

  private static RegistryClient registry;

  @BeforeAll
  static void start() {
    registry = client();
  }

  @AfterAll
  static void stop() {
    registry.close();
  }

  private static RegistryClient client() {
    return new RegistryClient(SharedServers.registry().url(), Map.of(), Duration.ofSeconds(10));
  }

  static Stream<SpecificRecord> records() {
    return Stream.of(
        ImageRequest.newBuilder()
            .setImage(ByteBuffer.wrap(new byte[] {1, 2}))
            .setLabel("cat")
            .build(),
        JsonEventTest.prediction(),
        JsonEventTest.utilization(),
        PipelineConfig.newBuilder().setCapacityRatio(0.5).setNote("why").build());
  }

  static Stream<SpecificRecord> recordsWithPriority() {
    return records().filter(record -> record.getSchema().getField("priority") != null);
  }

  @ParameterizedTest
  @MethodSource("records")
  <T extends SpecificRecord> void shouldReadOldAndNewRecordsWithOldAndNewReaders(T record)
      throws Exception {
    String topic = "evolve." + record.getSchema().getName();
    Schema old = record.getSchema();
    Schema evolved = withField(old, "added", "[\"null\", \"string\"]", true);
    byte[] written = new AvroSerializer<T>(registry).serialize(topic, record);

    int evolvedId = registry.register(topic, evolved);

    assertThat(evolvedId).isNotEqualTo(ByteBuffer.wrap(written, 1, 4).getInt());
    @SuppressWarnings("unchecked")
    Class<T> type = (Class<T>) record.getClass();
    AvroDeserializer<T> oldReader = new AvroDeserializer<>(registry, type);
    GenericRecord fromOld = readAs(evolved, old, written);
    assertThat(fromOld.get("added")).isNull();
    fromOld.put("added", "new");
    assertThat(oldReader.read(write(evolvedId, evolved, fromOld))).isEqualTo(record);
    assertThat(oldReader.read(written)).isEqualTo(record);
  }

  @ParameterizedTest
  @MethodSource("records")
  void shouldRefuseAFieldThatOldRecordsDoNotHave(SpecificRecord record) {
    String topic = "refuse." + record.getSchema().getName();
    registry.register(topic, record.getSchema());

    assertThatExceptionOfType(SchemaRefusedException.class)
        .isThrownBy(
            () ->
                registry.register(
                    topic, withField(record.getSchema(), "added", "\"string\"", false)))
        .withMessageContaining("not compatible")
        .withMessageContaining(topic + "-value");
  }

  /** Priority came later: producers and consumers of before go on beside those of today. */
  @ParameterizedTest
  @MethodSource("recordsWithPriority")
  <T extends SpecificRecord> void shouldGoOnWithProducersAndConsumersThatKnowNoPriority(T record)
      throws Exception {
    String topic = "before." + record.getSchema().getName();
    Schema before = withoutField(record.getSchema(), "priority");
    int beforeId = registry.register(topic, before);

    byte[] written = new AvroSerializer<T>(registry).serialize(topic, record);

    GenericRecord readBefore = readAs(before, record.getSchema(), written);
    @SuppressWarnings("unchecked")
    Class<T> type = (Class<T>) record.getClass();
    assertThat(new AvroDeserializer<>(registry, type).read(write(beforeId, before, readBefore)))
        .isEqualTo(record); // whose priority is the default
  }

  /** A registry that gets one schema from several clients at once answers 409 to some of them. */
  @Test
  void shouldRegisterASchemaThatOthersRegisterAtTheSameMoment() throws Exception {
    int clients = 12;
    ExecutorService threads = Executors.newFixedThreadPool(clients);
    CyclicBarrier together = new CyclicBarrier(clients);
    try {
      for (int round = 0; round < 5; round++) {
        String topic = "together" + round;
        Schema schema =
            SchemaBuilder.record("Together" + round).fields().requiredInt("a").endRecord();
        List<Future<Integer>> ids = new ArrayList<>();
        for (int i = 0; i < clients; i++) {
          ids.add(
              threads.submit(
                  () -> {
                    try (RegistryClient client = client()) {
                      together.await();
                      return client.register(topic, schema);
                    }
                  }));
        }
        Set<Integer> registered = new HashSet<>();
        for (Future<Integer> id : ids) {
          registered.add(id.get(60, TimeUnit.SECONDS));
        }
        assertThat(registered).hasSize(1);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void shouldTellAnUnknownIdFromTheRealRegistry() {
    assertThatExceptionOfType(BadRecordException.UnknownSchema.class)
        .isThrownBy(() -> registry.schema(999_999))
        .withMessageContaining("999999");
  }

  private static Schema withField(Schema schema, String name, String type, boolean optional) {
    List<Schema.Field> fields = new ArrayList<>();
    schema.getFields().forEach(field -> fields.add(new Schema.Field(field, field.schema())));
    Schema fieldType = new Schema.Parser().parse(type);
    fields.add(
        optional
            ? new Schema.Field(name, fieldType, "added", Schema.Field.NULL_DEFAULT_VALUE)
            : new Schema.Field(name, fieldType, "added"));
    return Schema.createRecord(
        schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
  }

  private static Schema withoutField(Schema schema, String name) {
    List<Schema.Field> fields =
        schema.getFields().stream()
            .filter(field -> !field.name().equals(name))
            .map(field -> new Schema.Field(field, field.schema()))
            .toList();
    return Schema.createRecord(
        schema.getName(), schema.getDoc(), schema.getNamespace(), false, fields);
  }

  private static GenericRecord readAs(Schema reader, Schema writer, byte[] bytes)
      throws IOException {
    return new GenericDatumReader<GenericRecord>(writer, reader)
        .read(null, DecoderFactory.get().binaryDecoder(bytes, 5, bytes.length - 5, null));
  }

  private static byte[] write(int id, Schema schema, GenericRecord record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
    BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(schema).write(record, encoder);
    return bytes.toByteArray();
  }
}
