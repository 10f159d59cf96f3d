package dev.vmoe.profile;

import dev.vmoe.event.AvroDeserializer;
import dev.vmoe.event.BadRecordException;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.DaemonThread;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.StreamsProperties;
import dev.vmoe.topics.MissingRight;
import dev.vmoe.topics.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.InvalidStateStoreException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the routing profile beside the pipeline, in a separate Kafka Streams client with one
 * thread.
 *
 * <p>It is separate because images must not wait for it. It commits every few seconds, so a row is
 * written once for everything that was added meanwhile. Its state moves between instances
 * independently of the images' partitions. If it fails, only the profile stops.
 *
 * <p>Starting the client takes as long as reading all rows, and a client whose table failed cannot
 * be started again. So a thread makes one client after the other until it is told to stop.
 */
public final class RoutingProfileStream implements AutoCloseable {

  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(5);

  /** Operations on its topics, internal ones included. */
  private static final List<AclOperation> NEEDED =
      List.of(AclOperation.CREATE, AclOperation.READ, AclOperation.WRITE, AclOperation.DELETE);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(RoutingProfileStream.class);

  private final Supplier<Topology> topologies;
  private final StreamsConfig config;
  private final String topology;
  private final AvroDeserializer<RoutingProfile> profiles;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread keeper = DaemonThread.of(this::keep, "vmoe-routing-profile");

  private volatile @Nullable KafkaStreams streams;

  /** Why the profile is not updated now; null while it is. */
  private volatile @Nullable String standstill = "its rows have not been read yet";

  /** The rows at the last successful query of the table. */
  private volatile List<RoutingProfile> lastRows = List.of();

  /**
   * Creates a stream that is not started yet.
   *
   * @param registry closed by the caller
   * @param own returns the model of a weights hash if the instance has served it
   */
  public RoutingProfileStream(
      Settings settings,
      Topics topics,
      RegistryClient registry,
      Function<String, Optional<ModelCard>> own) {
    ProfileBound bound = new ProfileBound(own);
    topologies = () -> RoutingProfileTopology.build(topics, registry, bound);
    config = new StreamsConfig(new StreamsProperties(settings).routingProfile());
    topology = topologies.get().describe().toString();
    profiles = new AvroDeserializer<>(registry, RoutingProfile.class);
  }

  /** Starts and returns at once; failures are retried without limit. */
  public void start() {
    keeper.start();
  }

  private void keep() {
    while (closing.getCount() > 0) {
      try {
        keepWith(new KafkaStreams(topologies.get(), config));
      } catch (RuntimeException e) {
        stopped(e);
      }
      pause();
    }
  }

  /** Runs a client and returns when it has ended. */
  private void keepWith(KafkaStreams client) {
    CountDownLatch ended = new CountDownLatch(1);
    client.setUncaughtExceptionHandler(this::onFailure);
    client.setStateListener(
        (now, before) -> {
          if (now == KafkaStreams.State.RUNNING) {
            standstill = null;
          } else if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
            ended.countDown();
          }
        });
    streams = client;
    try {
      if (closing.getCount() > 0) {
        client.start();
        ended.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      end(client);
    }
  }

  /** The table's thread cannot be replaced, so the next client replaces all threads. */
  private StreamThreadExceptionResponse onFailure(Throwable failure) {
    stopped(failure);
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  private void stopped(Throwable failure) {
    if (closing.getCount() > 0) {
      Throwable cause = failure.getCause() == null ? failure : failure.getCause();
      standstill =
          MissingRight.in(failure, NEEDED, config.getString(StreamsConfig.APPLICATION_ID_CONFIG))
              .orElse(cause.toString());
      log.error(
          "the routing profile stopped and will be restarted; images are not affected", failure);
    }
  }

  private void pause() {
    try {
      boolean unused = closing.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns the topology as Kafka Streams describes it. */
  public String topology() {
    return topology;
  }

  /** Returns why the profile is not updated now; empty while it is. */
  public Optional<String> standstill() {
    return Optional.ofNullable(standstill);
  }

  /**
   * Returns the whole profile of all instances as of their last commits: a row for each model and
   * class. While the table cannot be queried, returns the rows of the last query.
   */
  public List<RoutingProfile> rows() {
    KafkaStreams client = streams;
    if (client != null) {
      try {
        lastRows = rows(client);
      } catch (InvalidStateStoreException | IllegalStateException e) { // starting, or ended
        log.debug("the routing profile cannot be queried now", e);
      }
    }
    return lastRows;
  }

  private List<RoutingProfile> rows(KafkaStreams client) {
    List<RoutingProfile> rows = new ArrayList<>();
    try (KeyValueIterator<byte[], byte[]> all =
        client
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

  /** Commits the sums and hands them over to the other instances. */
  @Override
  public void close() {
    closing.countDown();
    KafkaStreams client = streams;
    if (client != null) {
      end(client);
    }
    try {
      keeper.join(CLOSE_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void end(KafkaStreams client) {
    CloseOptions options =
        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(CLOSE_LIMIT);
    if (!client.close(options)) {
      log.warn("the routing profile's thread did not end within {}", CLOSE_LIMIT);
    }
  }
}
