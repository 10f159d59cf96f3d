package dev.vmoe.streams.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class ConfigReaderTest {

  private final RegistryClient registry =
      new RegistryClient("mock://" + UUID.randomUUID(), Map.of(), Duration.ZERO);
  private final AvroSerializer<PipelineConfig> serializer = new AvroSerializer<>(registry);
  private final ConfigReader reader =
      new ConfigReader(
          registry, new Settings(Map.of("batch.max.images", "8")), UnaryOperator.identity());

  @Test
  void shouldHaveAFieldForEverySettingThatMayChange() {
    List<String> settings =
        PipelineConfig.getClassSchema().getFields().stream()
            .map(Schema.Field::name)
            .filter(name -> !name.equals("note") && !name.equals("author"))
            .map(ConfigReader::setting)
            .toList();

    assertThat(settings).containsExactlyInAnyOrderElementsOf(LiveSettings.KEYS);
  }

  @Test
  void shouldBringEverySettingThereAndBack() {
    Map<String, String> all = LiveSettings.of(new Settings(Map.of())).asSettings();

    assertThat(ConfigReader.overrides(ConfigReader.record(all, "ann", "why"))).isEqualTo(all);
  }

  @Test
  void shouldUnderstandARecord() {
    PipelineConfig config =
        PipelineConfig.newBuilder()
            .setCapacityRatio(0.5)
            .setBatchLingerMs(3L)
            .setAuthor("ann")
            .setNote("sale")
            .build();

    ConfigEntry entry = read(serializer.serialize("config", config));

    assertThat(entry.refusal()).isNull();
    assertThat(entry.overrides())
        .containsOnly(Map.entry("capacity.ratio", "0.5"), Map.entry("batch.linger.ms", "3"));
    assertThat(entry.author()).isEqualTo("ann");
    assertThat(entry.note()).isEqualTo("sale");
    assertThat(entry.settings().version()).isEqualTo(12);
    assertThat(entry.settings().maxBatchImages()).isEqualTo(8);
    assertThat(entry.settings().linger()).isEqualTo(Duration.ofMillis(3));
  }

  /** {@code gate.min} was a setting once. */
  @Test
  void shouldUnderstandARecordOfWhenThereWereMoreSettings() throws IOException {
    Schema former =
        SchemaBuilder.record("PipelineConfig")
            .namespace(PipelineConfig.class.getPackageName())
            .fields()
            .optionalDouble("capacityRatio")
            .optionalDouble("gateMin")
            .endRecord();
    GenericData.Record config = new GenericData.Record(former);
    config.put("capacityRatio", 0.5);
    config.put("gateMin", 0.25);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(
        ByteBuffer.allocate(5).put((byte) 0).putInt(registry.register("config", former)).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(former).write(config, encoder);
    encoder.flush();

    ConfigEntry entry = read(bytes.toByteArray());

    assertThat(entry.refusal()).isNull();
    assertThat(entry.overrides()).containsOnly(Map.entry("capacity.ratio", "0.5"));
  }

  @Test
  void shouldTakeARecordWithoutAValueForTheSettingsFile() {
    ConsumerRecord<byte[], byte[]> record = record(null);
    record.headers().add("author", "bob".getBytes(StandardCharsets.UTF_8));

    ConfigEntry entry = reader.read(record);

    assertThat(entry.settings().version()).isNull();
    assertThat(entry.overrides()).isEmpty();
    assertThat(entry.author()).isEqualTo("bob");
  }

  @Test
  void shouldRefuseWhatContradictsItselfAndStillSayWhoWroteIt() {
    PipelineConfig config =
        PipelineConfig.newBuilder().setCapacityRatioMin(2.0).setAuthor("ann").build();

    ConfigEntry entry = read(serializer.serialize("config", config));

    assertThat(entry.settings()).isNull();
    assertThat(entry.refusal())
        .isEqualTo("capacity.ratio.min 2.0 is above capacity.ratio.max 1.05");
    assertThat(entry.author()).isEqualTo("ann");
  }

  @Test
  void shouldRefuseWhatIsNoConfiguration() {
    assertThat(read("hello".getBytes(StandardCharsets.UTF_8)).refusal()).contains("is not Avro");
    assertThat(read(new byte[] {0, 0, 0, 3, 9, 1}).refusal()).contains("no schema with id 777");
  }

  @Test
  void shouldRefuseARecordOfAnotherKind() {
    ImageRequest image =
        ImageRequest.newBuilder().setImage(ByteBuffer.wrap(new byte[] {1, 2})).build();

    assertThat(
            read(new AvroSerializer<ImageRequest>(registry).serialize("images", image)).refusal())
        .contains("dev.vmoe.event.ImageRequest");
  }

  private ConfigEntry read(byte[] value) {
    return reader.read(record(value));
  }

  private static ConsumerRecord<byte[], byte[]> record(byte[] value) {
    return new ConsumerRecord<>("config", 0, 12, null, value);
  }

  @Test
  void shouldNotRefuseARecordBecauseTheRegistryLostItsSchemas() {
    byte[] unknown = {0, 0, 0, 0, 99};
    ConfigReader unsure =
        new ConfigReader(registry, new Settings(Map.of()), UnaryOperator.identity(), () -> false);

    assertThatExceptionOfType(RegistryUnavailableException.SchemasLost.class)
        .isThrownBy(() -> unsure.read(record(unknown)));
    assertThat(reader.read(record(unknown)).isRefused()).isTrue();
  }
}
