package dev.vmoe.streams.topology;

import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.MissingRight;
import dev.vmoe.streams.topics.SideWork;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka Streams client with one thread, beside that of the images.
 *
 * <p>It is separate because images must not wait for it. It commits seldom, and its state moves
 * between instances independently of the images' partitions. If it fails, only its work stops.
 *
 * <p>Starting the client can take as long as reading its state, and a client whose global table
 * failed cannot be started again. So a thread makes one client after the other until it is told to
 * stop.
 */
public final class SideClient implements AutoCloseable {

  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofSeconds(5);

  /** Operations on its topics, internal ones included. */
  private static final List<AclOperation> NEEDED =
      List.of(AclOperation.CREATE, AclOperation.READ, AclOperation.WRITE, AclOperation.DELETE);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(SideClient.class);

  private final SideWork work;
  private final Supplier<Topology> topologies;
  private final StreamsConfig config;
  private final SteadyTime time;
  private final String topology;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread keeper;

  private volatile @Nullable KafkaStreams streams;

  /** Why it stands still; null while it does not. */
  private volatile @Nullable String standstill = "its state has not been read yet";

  /**
   * Creates a client that is not started yet.
   *
   * @param time that it punctuates and commits by
   * @param topologies makes its topology, for each start anew
   */
  public SideClient(
      SideWork work, Settings settings, SteadyTime time, Supplier<Topology> topologies) {
    this.work = work;
    this.time = time;
    this.topologies = topologies;
    this.config = new StreamsConfig(new StreamsProperties(settings).beside(work));
    this.topology = topologies.get().describe().toString();
    this.keeper = DaemonThread.of(this::keep, "vmoe-" + work.topic());
  }

  /** Starts and returns at once; failures are retried without limit. */
  public void start() {
    keeper.start();
  }

  private void keep() {
    while (closing.getCount() > 0) {
      try {
        keepWith(new KafkaStreams(topologies.get(), config, time));
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

  /** The thread of a global table cannot be replaced, so the next client replaces all threads. */
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
      log.error("{} stopped and will be restarted; images are not affected", work.title(), failure);
    }
  }

  private void pause() {
    try {
      boolean unused = closing.await(PAUSE_AFTER_FAILURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns what it does. */
  public SideWork work() {
    return work;
  }

  /** Returns the topology as Kafka Streams describes it. */
  public String topology() {
    return topology;
  }

  /** Returns why it stands still; empty while it does not. */
  public Optional<String> standstill() {
    return Optional.ofNullable(standstill);
  }

  /** Returns the newest client, which may be starting or have ended; empty before the first. */
  public Optional<KafkaStreams> streams() {
    return Optional.ofNullable(streams);
  }

  /** Commits and hands the state over to the other instances. */
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

  /** Closes clients at the same time: each may wait for brokers that are away. */
  public static void closeAll(List<SideClient> clients) {
    CompletableFuture.allOf(
            clients.stream()
                .map(it -> CompletableFuture.runAsync(it::close, it::onItsOwnThread))
                .toArray(CompletableFuture[]::new))
        .join();
  }

  private void onItsOwnThread(Runnable task) {
    DaemonThread.start(task, "vmoe-close-" + work.topic());
  }

  private void end(KafkaStreams client) {
    CloseOptions options =
        CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP)
            .withTimeout(CLOSE_LIMIT);
    if (!client.close(options)) {
      log.warn("the thread of {} did not end within {}", work.title(), CLOSE_LIMIT);
    }
  }
}
