package dev.vmoe.streams.topology;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.image.FakeDecoder;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.streams.commit.PartitionQueue;
import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.commit.QueueRecords;
import dev.vmoe.streams.commit.QueuedRecord;
import dev.vmoe.streams.config.ConfigFollower;
import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What waits and what arrives, on a real broker. */
class LagMonitorIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration INTERVAL = Duration.ofMillis(100);

  private final PartitionQueues queues = new PartitionQueues();
  private final Queue<QueuedRecord> read = new ArrayDeque<>();
  private volatile long oldestNanos;

  @Test
  void shouldCountFromWhatTheGroupHasCommittedUntilAnImageWasRead() throws Exception {
    try (Workbench workbench = Workbench.open(2);
        LagMonitor lag = monitor(workbench)) {
      send(workbench, 0, 30);
      send(workbench, 1, 20);
      commit(workbench, 1, 15);
      lag.start();
      awaitBacklog(lag, 0);

      PartitionQueue zero = queues.open(partition(workbench, 0));
      awaitBacklog(lag, 30);
      queues.open(partition(workbench, 1));
      awaitBacklog(lag, 35);
      read(zero, 0, 10, 1);
      emit(zero, 4);
      awaitBacklog(lag, 31);
      zero.close();
      awaitBacklog(lag, 5);
      assertThat(lag.load(System.nanoTime()).arrivalsPerSecond()).isZero();
    }
  }

  @Test
  void shouldAgeWithTheOldestImageThatWaitsWhateverItsTimestamp() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        LagMonitor lag = monitor(workbench)) {
      PartitionQueue queue = queues.open(partition(workbench, 0));
      lag.start();
      awaitBacklog(lag, 0);
      assertThat(oldestNanos).isZero();

      long before = System.nanoTime();
      send(workbench, 0, 3);
      long first = System.nanoTime();
      awaitBacklog(lag, 3);
      long seconds = 1_000_000_000L;
      await().atMost(LIMIT).until(() -> oldestNanos > 2 * seconds);
      assertThat(oldestNanos).isLessThan(System.nanoTime() - before + seconds);
      send(workbench, 0, 1);
      awaitBacklog(lag, 4);
      await().atMost(LIMIT).until(() -> oldestNanos > System.nanoTime() - first - seconds);

      read(queue, 0, 3, 1);
      emit(queue, 3);
      awaitBacklog(lag, 1);
      await().atMost(LIMIT).until(() -> oldestNanos < System.nanoTime() - first - seconds);
      assertThat(oldestNanos).isPositive();
      read(queue, 3, 4, 1);
      emit(queue, 1);
      awaitBacklog(lag, 0);
      await().atMost(LIMIT).until(() -> oldestNanos == 0);
    }
  }

  @Test
  void shouldMeasureArrivals() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        LagMonitor lag = monitor(workbench);
        Feeder feeder = Feeder.start(workbench, 1, 300)) {
      queues.open(partition(workbench, 0));
      lag.start();

      await()
          .atMost(LIMIT)
          .untilAsserted(
              () ->
                  assertThat(lag.load(System.nanoTime()).arrivalsPerSecond())
                      .isBetween(250.0, 350.0));
      feeder.stop();
      await().atMost(LIMIT).until(() -> lag.load(System.nanoTime()).arrivalsPerSecond() == 0);
    }
  }

  @Test
  void shouldCountImagesNotTheEndsOfTransactions() throws Exception {
    try (Workbench workbench = Workbench.open(1);
        LagMonitor lag = monitor(workbench)) {
      workbench.sendInTransactions(20, 0);
      PartitionQueue queue = queues.open(partition(workbench, 0));
      read(queue, 0, 20, 2);
      lag.start();
      awaitBacklog(lag, 20);

      emit(queue, 10);
      awaitBacklog(lag, 11); // offset 19 to the end, 40, of which half are images
      read(queue, 20, 40, 2);
      emit(queue, 10);
      // Streams commits its position, behind the end of the last transaction.
      queue.passed(40);
      awaitBacklog(lag, 0);
    }
  }

  @Test
  void shouldOutliveABrokerThatIsAway(@TempDir Path data) throws Exception {
    Map<String, String> address = address();
    EmbeddedKafka kafka = EmbeddedKafka.start(data, address);
    String bootstrapServers =
        address.get("advertised.listeners").substring("PLAINTEXT://".length());
    try (Workbench workbench = Workbench.open(1, bootstrapServers);
        LagMonitor lag = monitor(workbench);
        LiveConfiguration configuration = configuration(workbench)) {
      queues.open(partition(workbench, 0));
      send(workbench, 0, 7);
      workbench.configure(PipelineConfig.newBuilder().setCapacityRatio(0.5).build());
      lag.start();
      configuration.start();
      awaitBacklog(lag, 7);
      assertThat(configuration.current().version()).isZero();

      kafka.close();
      await().atMost(LIMIT).until(() -> lag.load(System.nanoTime()).ageNanos() > 2_000_000_000L);
      assertThat(lag.load(System.nanoTime()).backlogImages()).isEqualTo(7);
      assertThat(configuration.current().version()).isZero();

      kafka = EmbeddedKafka.start(data, address);
      send(workbench, 0, 2);
      long next = workbench.configure(PipelineConfig.newBuilder().setCapacityRatio(0.25).build());
      awaitBacklog(lag, 9);
      // A reading that was under way is as old as the outage; the next one is not.
      await().atMost(LIMIT).until(() -> lag.load(System.nanoTime()).ageNanos() < 2_000_000_000L);
      await().atMost(LIMIT).until(() -> configuration.current().version() == next);
      assertThat(configuration.lastRefused()).isEmpty();
    } finally {
      kafka.close();
    }
  }

  @Test
  void shouldTryAgainWhereNoClientCanBeMade() throws Exception {
    AtomicInteger tries = new AtomicInteger();
    try (Workbench workbench = Workbench.open(1);
        LagMonitor lag =
            new LagMonitor(
                () -> {
                  if (tries.incrementAndGet() < 3) {
                    throw new KafkaException("no such host");
                  }
                  return Admin.create(workbench.settings(Map.of()).adminProperties());
                },
                workbench.prefix + "app",
                queues,
                INTERVAL,
                (load, age) -> {})) {
      lag.start();
      awaitBacklog(lag, 0);
      assertThat(tries).hasValue(3);
    }
  }

  @Test
  void shouldSayNothingBeforeTheFirstReading() throws Exception {
    try (LagMonitor lag =
        new LagMonitor(() -> Admin.create(Map.of()), "app", queues, INTERVAL, (load, age) -> {})) {
      assertThat(lag.load(System.nanoTime())).isEqualTo(Load.UNKNOWN);
    }
  }

  private void read(PartitionQueue queue, long first, long end, int step) {
    for (long offset = first; offset < end; offset += step) {
      read.add(QueueRecords.addBatched(queue, QueueRecords.at(offset)));
    }
  }

  private void emit(PartitionQueue queue, int records) {
    for (int i = 0; i < records; i++) {
      QueueRecords.emit(queue, read.remove());
    }
  }

  private LagMonitor monitor(Workbench workbench) {
    return new LagMonitor(
        () -> Admin.create(workbench.settings(Map.of()).adminProperties()),
        workbench.prefix + "app",
        queues,
        INTERVAL,
        (load, age) -> oldestNanos = age);
  }

  /** Follows whatever is valid. */
  private static final class Anybody implements ConfigFollower {
    private volatile LiveSettings current;

    @Override
    public LiveSettings current() {
      return current;
    }

    @Override
    public boolean isReadyFor(LiveSettings settings) {
      return true;
    }

    @Override
    public Prepared prepare(LiveSettings settings) {
      return () -> current = settings;
    }
  }

  private static LiveConfiguration configuration(Workbench workbench) {
    Settings settings = workbench.settings(Map.of());
    return new LiveConfiguration(
        () -> new ConfigLog(settings.consumerProperties(), workbench.topic("config")),
        new ConfigReader(workbench.registry, settings, UnaryOperator.identity()),
        LiveSettings.of(settings),
        new Anybody(),
        new PipelineMetrics(new Meters(), List.of(), 0, List.of()).capacity());
  }

  /** The same ports before and after: clients find a broker again only where it was. */
  private static Map<String, String> address() throws Exception {
    int port;
    int controller;
    try (ServerSocket one = new ServerSocket(0);
        ServerSocket two = new ServerSocket(0)) {
      port = one.getLocalPort();
      controller = two.getLocalPort();
    }
    return Map.of(
        "listeners",
        "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller,
        "advertised.listeners",
        "PLAINTEXT://127.0.0.1:" + port,
        "controller.quorum.voters",
        "1@127.0.0.1:" + controller);
  }

  private static TopicPartition partition(Workbench workbench, int partition) {
    return new TopicPartition(workbench.topic("images"), partition);
  }

  private static void send(Workbench workbench, int partition, int images) {
    for (int i = 0; i < images; i++) {
      workbench.send(partition, "k" + i, FakeDecoder.grey(i));
    }
    workbench.flush();
  }

  private static void commit(Workbench workbench, int partition, long offset) throws Exception {
    workbench
        .admin
        .alterConsumerGroupOffsets(
            workbench.prefix + "app",
            Map.of(partition(workbench, partition), new OffsetAndMetadata(offset)))
        .all()
        .get();
  }

  private static void awaitBacklog(LagMonitor lag, long images) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> {
              Load load = lag.load(System.nanoTime());
              assertThat(load.ageNanos()).isNotEqualTo(Long.MAX_VALUE);
              assertThat(load.backlogImages()).isEqualTo(images);
            });
  }
}
