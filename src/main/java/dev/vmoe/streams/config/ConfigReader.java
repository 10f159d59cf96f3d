package dev.vmoe.streams.config;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RegistryUnavailableException;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.apache.avro.Schema;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Understands records of the configuration topic: Avro {@link PipelineConfig}, of which each field
 * but author and note is the setting of the same name. What they say goes to logs and terminals, so
 * it comes out on one line.
 */
public final class ConfigReader {

  private static final Logger log = LoggerFactory.getLogger(ConfigReader.class);

  /** Headers of a record without a value, which has no fields to say it in. */
  static final String AUTHOR = "author";

  static final String NOTE = "note";

  private static final Set<String> ABOUT = Set.of(AUTHOR, NOTE);

  private final RegistryClient registry;
  private final AvroDeserializer<PipelineConfig> avro;
  private final Settings file;
  private final UnaryOperator<LiveSettings> check;
  private final BooleanSupplier whole;

  /**
   * Creates a reader that takes the registry's word for it that there is no such schema.
   *
   * @param registry stays the caller's to close
   * @param file what a field that is null falls back to
   * @param check as below
   */
  public ConfigReader(RegistryClient registry, Settings file, UnaryOperator<LiveSettings> check) {
    this(registry, file, check, () -> true);
  }

  /**
   * Creates a reader.
   *
   * @param registry stays the caller's to close
   * @param file what a field that is null falls back to
   * @param check completes settings with what the model says, or throws an {@link
   *     IllegalArgumentException} with the reason why no instance can run with them
   * @param whole whether the registry has not lost its schemas; asked where it has no such schema
   */
  public ConfigReader(
      RegistryClient registry,
      Settings file,
      UnaryOperator<LiveSettings> check,
      BooleanSupplier whole) {
    this.registry = registry;
    this.avro = new AvroDeserializer<>(registry, PipelineConfig.class);
    this.file = file;
    this.check = check;
    this.whole = whole;
  }

  /**
   * Understands or refuses a record. A defect of this reader refuses it, too: it must not stop what
   * comes after the record.
   *
   * @throws RegistryUnavailableException if the registry does not answer in time, or has lost its
   *     schemas, which says nothing about the record
   */
  public ConfigEntry read(ConsumerRecord<byte[], byte @Nullable []> record) {
    try {
      return understand(record);
    } catch (BadRecordException e) {
      if (e instanceof BadRecordException.UnknownSchema && !whole.getAsBoolean()) {
        throw new RegistryUnavailableException.SchemasLost(
            e.reason() + ", nor the schemas of this instance: restore them with the same ids");
      }
      return refused(record, e.reason());
    } catch (RegistryUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      log.error("configuration {} could not be read", record.offset(), e);
      return refused(record, e.toString());
    }
  }

  private static ConfigEntry refused(ConsumerRecord<?, ?> record, String reason) {
    return new ConfigEntry(
        record.offset(), record.timestamp(), Map.of(), null, null, null, OneLine.of(reason));
  }

  private ConfigEntry understand(ConsumerRecord<byte[], byte @Nullable []> record)
      throws BadRecordException {
    byte[] value = record.value();
    if (value == null) {
      return entry(record, Map.of(), header(record, AUTHOR), header(record, NOTE));
    }
    if (value.length == 0 || value[0] != 0) {
      throw new BadRecordException.NotAvro(
          "the value ("
              + value.length
              + " bytes) is not Avro: it does not begin with byte 0 and a schema id",
          null);
    }
    PipelineConfig config = avro.read(value);
    requireConfig(value);
    return entry(record, overrides(config), config.getAuthor(), config.getNote());
  }

  /** All fields may be missing, so that any record at all could be read as one of these. */
  private void requireConfig(byte[] value) throws BadRecordException {
    int id = ByteBuffer.wrap(value, 1, Integer.BYTES).getInt();
    Schema writer = registry.schema(id);
    Schema expected = PipelineConfig.getClassSchema();
    if (!writer.getName().equals(expected.getName())) {
      throw new BadRecordException.UnresolvableSchema(
          "schema id " + id + " is " + writer.getFullName() + ", not " + expected.getFullName(),
          null);
    }
  }

  private ConfigEntry entry(
      ConsumerRecord<byte[], byte @Nullable []> record,
      Map<String, String> overrides,
      @Nullable String author,
      @Nullable String note) {
    LiveSettings settings = null;
    String refusal = null;
    try {
      settings = settings(overrides, record.value() == null ? null : record.offset());
    } catch (IllegalArgumentException e) {
      refusal = OneLine.of(String.valueOf(e.getMessage()));
    }
    return new ConfigEntry(
        record.offset(),
        record.timestamp(),
        overrides,
        author == null ? null : OneLine.of(author),
        note == null ? null : OneLine.of(note),
        settings,
        refusal);
  }

  /**
   * Returns what would be in force with these overrides.
   *
   * @param version offset of the record that has them; null for none
   * @throws IllegalArgumentException if they are wrong; its message names all wrong values
   */
  public LiveSettings settings(Map<String, String> overrides, @Nullable Long version) {
    return check.apply(LiveSettings.of(file, overrides, version));
  }

  private static @Nullable String header(ConsumerRecord<?, ?> record, String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.UTF_8);
  }

  /** Returns what a record sets, by setting. */
  static Map<String, String> overrides(PipelineConfig config) {
    Map<String, String> overrides = new LinkedHashMap<>();
    for (Schema.Field field : config.getSchema().getFields()) {
      Object value = config.get(field.pos());
      if (value != null && !ABOUT.contains(field.name())) {
        overrides.put(setting(field.name()), value.toString());
      }
    }
    return overrides;
  }

  /** Returns the record that sets these; they have been checked. */
  static PipelineConfig record(
      Map<String, String> overrides, @Nullable String author, @Nullable String note) {
    PipelineConfig config = PipelineConfig.newBuilder().setAuthor(author).setNote(note).build();
    for (Schema.Field field : config.getSchema().getFields()) {
      String key = setting(field.name());
      String text = ABOUT.contains(field.name()) ? null : overrides.get(key);
      if (text != null) {
        ConfigDef.Type type =
            Objects.requireNonNull(Settings.DEFINITION.configKeys().get(key)).type;
        config.put(field.pos(), ConfigDef.parseType(key, text, type));
      }
    }
    return config;
  }

  /**
   * Returns the setting that a field means: {@code capacityRatioMin} → {@code capacity.ratio.min}.
   */
  static String setting(String field) {
    StringBuilder key = new StringBuilder();
    for (char letter : field.toCharArray()) {
      if (Character.isUpperCase(letter)) {
        key.append('.').append(Character.toLowerCase(letter));
      } else {
        key.append(letter);
      }
    }
    return key.toString();
  }
}
