package dev.vmoe.streams.profile;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.profile.RowSummer.Room;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.BeforeCommit;
import dev.vmoe.streams.topology.ImageTimestamp;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The topology of the routing profile: sums of utilization events by class. {@code
 * topology/routing-profile.txt} describes it.
 *
 * <p>The sums are kept in memory and in a changelog, distributed over the instances by model and
 * class. For queries each instance also has the whole routing-profile topic as a global table.
 * Neither store needs a disk.
 */
public final class RoutingProfileTopology {

  /** Repartition topic and store of the sums; internal topics are named after it. */
  static final String SUMS = "by-class";

  /** Returns the repartition topic between the two parts, which is read, written and purged. */
  public static String repartitionTopic(String applicationId) {
    return applicationId + "-" + SUMS + "-repartition";
  }

  /** Name of the store with all rows on each instance; its values are Avro. */
  static final String TABLE = "routing-profile";

  private static final String EVENTS = "events";
  private static final String PROFILE = "profile";

  /** Same as for the routing-profile topic. */
  private static final Duration RETENTION = Duration.ofDays(90);

  private static final int SEGMENT_BYTES = 16 << 20;

  /** Stores that call each of the two parts before a commit. */
  private static final String WRITE_PARTS = "write-parts";

  private static final String WRITE_ROWS = "write-rows";

  /** Memory of the rows that each of the two parts keeps until the next commit. */
  private static final long MAX_UNWRITTEN_BYTES = 8 << 20;

  private RoutingProfileTopology() {}

  /**
   * Builds the topology.
   *
   * @param bound limits what is counted; shared by all topologies of the instance
   */
  public static Topology build(Topics topics, RegistryClient registry, ProfileBound bound) {
    return build(topics, registry, bound, MAX_UNWRITTEN_BYTES);
  }

  static Topology build(
      Topics topics, RegistryClient registry, ProfileBound bound, long maxUnwrittenBytes) {
    Serde<RoutingProfile> profiles = profiles(topics, registry);
    StreamsBuilder builder = new StreamsBuilder();
    Room partsRoom = new Room(maxUnwrittenBytes);
    Room rowsRoom = new Room(maxUnwrittenBytes);
    builder
        .addStateStore(BeforeCommit.builder(WRITE_PARTS))
        .addStateStore(BeforeCommit.builder(WRITE_ROWS))
        .addStateStore(
            Stores.timestampedKeyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(SUMS), Serdes.String(), profiles)
                .withLoggingEnabled(changelog()));
    builder.stream(topics.expertUtilization(), bytes(EVENTS))
        .process(
            () -> new EventSummer(WRITE_PARTS, partsRoom, registry, bound),
            Named.as("sum-events"),
            WRITE_PARTS)
        .repartition(
            Repartitioned.<String, RoutingProfile>as(SUMS)
                .withKeySerde(Serdes.String())
                .withValueSerde(profiles))
        .process(() -> new StoredRows(WRITE_ROWS, rowsRoom, SUMS), Named.as(SUMS), WRITE_ROWS, SUMS)
        .to(topics.routingProfile(), Produced.with(Serdes.String(), profiles).withName(PROFILE));
    builder.globalTable(
        topics.routingProfile(),
        bytes("rows-of-all"),
        Materialized.<byte[], byte[], KeyValueStore<Bytes, byte[]>>as(TABLE)
            .withStoreType(Materialized.StoreType.IN_MEMORY));
    return builder.build();
  }

  /** Reads bytes: a foreign record that cannot be decoded must not end a thread. */
  private static Consumed<byte[], byte[]> bytes(String name) {
    return Consumed.<byte[], byte[]>as(name)
        .withKeySerde(Serdes.ByteArray())
        .withValueSerde(Serdes.ByteArray())
        .withTimestampExtractor(new ImageTimestamp());
  }

  /** Internal topics use the subject of the routing-profile topic in the registry. */
  private static Serde<RoutingProfile> profiles(Topics topics, RegistryClient registry) {
    AvroSerializer<RoutingProfile> serializer = new AvroSerializer<>(registry);
    return Serdes.serdeFrom(
        (topic, profile) -> serializer.serialize(topics.routingProfile(), profile),
        new AvroDeserializer<>(registry, RoutingProfile.class));
  }

  private static Map<String, String> changelog() {
    return Map.of(
        TopicConfig.CLEANUP_POLICY_CONFIG,
        TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE,
        TopicConfig.RETENTION_MS_CONFIG,
        Long.toString(RETENTION.toMillis()),
        // Images, and so events, can have any timestamp; retention counts from when a row was
        // written.
        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
        "LogAppendTime",
        TopicConfig.SEGMENT_BYTES_CONFIG,
        Integer.toString(SEGMENT_BYTES));
  }
}
