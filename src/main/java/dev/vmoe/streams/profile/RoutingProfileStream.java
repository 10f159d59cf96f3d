package dev.vmoe.streams.profile;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.SideWork;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.SideClient;
import dev.vmoe.streams.topology.SteadyTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the routing profile beside the pipeline, in a Kafka Streams client of its own, and answers
 * what it has. A row is written once for everything that was added between two commits.
 */
public final class RoutingProfileStream {

  private static final Logger log = LoggerFactory.getLogger(RoutingProfileStream.class);

  private final SideClient client;
  private final AvroDeserializer<RoutingProfile> profiles;

  /** The rows at the last successful query of the table. */
  private volatile List<RoutingProfile> lastRows = List.of();

  /**
   * Creates a stream that is not started yet.
   *
   * @param registry closed by the caller
   * @param time that it commits by
   * @param own returns the model of a weights hash if the instance has served it
   */
  public RoutingProfileStream(
      Settings settings,
      Topics topics,
      RegistryClient registry,
      SteadyTime time,
      Function<String, Optional<ModelCard>> own) {
    ProfileBound bound = new ProfileBound(own);
    client =
        new SideClient(
            SideWork.ROUTING_PROFILE,
            settings,
            time,
            () -> RoutingProfileTopology.build(topics, registry, bound));
    profiles = new AvroDeserializer<>(registry, RoutingProfile.class);
  }

  /** Returns the client, to be started and closed by the caller. */
  public SideClient client() {
    return client;
  }

  /**
   * Returns the whole profile of all instances as of their last commits: a row for each model and
   * class. While the table cannot be queried, returns the rows of the last query.
   */
  public List<RoutingProfile> rows() {
    client
        .streams()
        .ifPresent(
            streams -> {
              try {
                lastRows = rows(streams);
              } catch (InvalidStateStoreException | IllegalStateException e) {
                log.debug("the routing profile cannot be queried now", e); // starting, or ended
              }
            });
    return lastRows;
  }

  private List<RoutingProfile> rows(KafkaStreams streams) {
    List<RoutingProfile> rows = new ArrayList<>();
    try (KeyValueIterator<byte[], byte[]> all =
        streams
            .store(
                StoreQueryParameters.fromNameAndType(
                    RoutingProfileTopology.TABLE,
                    QueryableStoreTypes.<byte[], byte[]>keyValueStore()))
            .all()) {
      while (all.hasNext()) {
        KeyValue<byte[], byte[]> row = all.next();
        try {
          rows.add(profiles.read(row.value));
        } catch (BadRecordException e) {
          log.debug("a row of the routing profile cannot be read", e);
        }
      }
    }
    return List.copyOf(rows);
  }
}
