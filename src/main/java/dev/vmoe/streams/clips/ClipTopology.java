package dev.vmoe.streams.clips;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.AvroSerializer;
import dev.vmoe.event.Clip;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.ImageTimestamp;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.Stores;

/**
 * The topology of clips: sums of predictions by key and window. {@code topology/clips.txt}
 * describes it.
 *
 * <p>All predictions of a key are in one partition, so nothing is repartitioned. The open windows
 * are kept in memory and in a changelog.
 */
public final class ClipTopology {

  private static final int SEGMENT_BYTES = 16 * 1024 * 1024;

  private static final String STATES = "windows";
  private static final String PREDICTIONS = "predictions";
  private static final String SUMS = "sum-by-window";

  private ClipTopology() {}

  /** Builds the topology for settings with {@link Settings#CLIPS_WINDOW_MS} above 0. */
  public static Topology build(Settings settings, RegistryClient registry) {
    Topics topics = Topics.of(settings);
    ClipWindows windows = new ClipWindows(settings.getLong(Settings.CLIPS_WINDOW_MS));
    return new Topology()
        .addSource(
            Topology.AutoOffsetReset.EARLIEST,
            PREDICTIONS,
            new ImageTimestamp(),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer(),
            topics.predictions())
        .addProcessor(SUMS, () -> new ClipProcessor(registry, windows, STATES), PREDICTIONS)
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.inMemoryKeyValueStore(STATES), Serdes.Bytes(), states(topics, registry))
                .withCachingEnabled() // one record in the changelog for each key and commit
                .withLoggingEnabled(changelog()),
            SUMS)
        .addSink(
            "clips",
            topics.clips(),
            new ByteArraySerializer(),
            new EventSerializer<Clip>(EventFormat.ofPredictions(settings), registry),
            SUMS);
  }

  /** The changelog uses the subject of the clips topic in the registry. */
  private static Serde<Clip> states(Topics topics, RegistryClient registry) {
    AvroSerializer<Clip> serializer = new AvroSerializer<>(registry);
    return Serdes.serdeFrom(
        (topic, state) -> serializer.serialize(topics.clips(), state),
        new AvroDeserializer<>(registry, Clip.class));
  }

  /**
   * Frames may be of any time, which a broker can refuse; that of the writing it cannot. Small
   * segments are compacted soon, so that a start has little to read.
   */
  private static Map<String, String> changelog() {
    return Map.of(
        TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG,
        "LogAppendTime",
        TopicConfig.SEGMENT_BYTES_CONFIG,
        Integer.toString(SEGMENT_BYTES));
  }
}
