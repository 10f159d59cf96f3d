package dev.vmoe.streams;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.settings.Settings;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the routing profile, beside the pipeline: a Kafka Streams client of its own, with one
 * thread.
 *
 * <p>Of its own, because images must not wait for it: it commits every few seconds, so that a row
 * is written once for all that was added meanwhile; its state moves between instances without the
 * images' partitions; and when it fails, it is the profile that stands still.
 */
final class RoutingProfileStream implements AutoCloseable {

  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(5);
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(RoutingProfileStream.class);

  private final KafkaStreams streams;
  private final String topology;
  private final AvroDeserializer<RoutingProfile> profiles;
  private final CountDownLatch closing = new CountDownLatch(1);

  /**
   * Creates streams that have not been started.
   *
   * @param registry stays the caller's to close
   */
  RoutingProfileStream(Settings settings, Topics topics, RegistryClient registry) {
    var built = RoutingProfileTopology.build(topics, registry);
    topology = built.describe().toString();
    streams =
        new KafkaStreams(
            built, new StreamsConfig(new StreamsProperties(settings).routingProfile()));
    profiles = new AvroDeserializer<>(registry, RoutingProfile.class);
  }

  /**
   * Starts; returns when the rows that are there have been read.
   *
   * @throws PipelineException if they cannot be
   */
  void start() {
    streams.setUncaughtExceptionHandler(this::onFailure);
    try {
      streams.start();
    } catch (StreamsException e) {
      throw new PipelineException(
          "the routing profile cannot be read: "
              + (e.getCause() == null ? e.getMessage() : e.getCause())
              + ". Check the rights of this user, or do without: "
              + Settings.ROUTING_PROFILE_INTERVAL_MS
              + " = 0",
          e);
    }
  }

  /** Images go on, so this is tried again for as long as it takes. */
  private StreamThreadExceptionResponse onFailure(Throwable failure) {
    log.error("the routing profile stands still and is tried again; images go on", failure);
    try {
      boolean unused = closing.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /** Returns the topology as Kafka Streams describes it. */
  String topology() {
    return topology;
  }

  /**
   * Returns the whole profile as of the last commits: a row for each model and class, of all
   * instances; empty before it is read.
   */
  List<RoutingProfile> rows() {
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
    } catch (InvalidStateStoreException e) {
      log.debug("the routing profile cannot be asked now", e);
    }
    return rows;
  }

  /** Commits what is summed and leaves the sums to the other instances. */
  @Override
  public void close() {
    closing.countDown();
    CloseOptions options =
        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(CLOSE_LIMIT);
    if (!streams.close(options)) {
      log.warn("the routing profile's thread did not end within {}", CLOSE_LIMIT);
    }
  }
}
