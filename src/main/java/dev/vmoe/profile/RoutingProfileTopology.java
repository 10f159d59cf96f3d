package dev.vmoe.profile;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.ImageTimestamp;
import dev.vmoe.topics.Topics;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

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
  private static final String SPLIT = "split-by-class";
  private static final String PROFILE = "profile";

  /** Same as for the routing-profile topic. */
  private static final Duration RETENTION = Duration.ofDays(90);

  private static final int SEGMENT_BYTES = 16 << 20;

  private static final Logger log = LoggerFactory.getLogger(RoutingProfileTopology.class);

  private RoutingProfileTopology() {}

  /**
   * Builds the topology.
   *
   * @param bound limits what is counted; shared by all topologies of the instance
   */
  public static Topology build(Topics topics, RegistryClient registry, ProfileBound bound) {
    Serde<RoutingProfile> profiles = profiles(topics, registry);
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream(topics.expertUtilization(), bytes(EVENTS))
        .process(() -> new UtilizationSplitter(registry, bound), Named.as(SPLIT))
        .groupByKey(Grouped.with(SUMS, Serdes.String(), profiles))
        .reduce(
            RoutingProfileTopology::sum,
            Named.as(SUMS),
            Materialized.<String, RoutingProfile>as(Stores.inMemoryKeyValueStore(SUMS))
                .withKeySerde(Serdes.String())
                .withValueSerde(profiles)
                .withLoggingEnabled(changelog()))
        .toStream(Named.as("rows"))
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

  /** Adds a part to a row; a part of another shape is skipped. */
  private static RoutingProfile sum(RoutingProfile sum, RoutingProfile part) {
    try {
      return ProfileSums.add(sum, part);
    } catch (IllegalArgumentException e) {
      log.warn(
          "not counted in the routing profile: {} images of class {} of model {} with {}",
          part.getImages(),
          part.getClassIndex(),
          part.getWeightsHash(),
          e.getMessage());
      return sum;
    }
  }
}
