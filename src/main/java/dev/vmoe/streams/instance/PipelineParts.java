package dev.vmoe.streams.instance;

import dev.vmoe.core.batch.MicroBatcher;
import dev.vmoe.core.batch.WorkBounds;
import dev.vmoe.event.EventSerializer;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.fetch.FetchBounds;
import dev.vmoe.fetch.Fetching;
import dev.vmoe.streams.commit.AbandonedTransactions;
import dev.vmoe.streams.commit.Admission;
import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.Deadlines;
import dev.vmoe.streams.commit.InFlightRecord;
import dev.vmoe.streams.commit.KafkaInternals;
import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.commit.Suspects;
import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.intake.RequestReader;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.PredictionContents;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.EarlyCommit;
import dev.vmoe.streams.topology.GuardedObserver;
import dev.vmoe.streams.topology.LagMonitor;
import dev.vmoe.streams.topology.MicroBatchProcessor;
import dev.vmoe.streams.topology.NewestDeadLetters;
import dev.vmoe.streams.topology.NewestImages;
import dev.vmoe.streams.topology.PipelineTopology;
import dev.vmoe.streams.topology.ShareEvents;
import dev.vmoe.streams.topology.ShareRecorder;
import dev.vmoe.streams.topology.ShareTracer;
import dev.vmoe.streams.topology.SteadyTime;
import dev.vmoe.streams.topology.StreamsProperties;
import dev.vmoe.streams.tracing.Tracing;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a {@link Pipeline} is made of.
 *
 * @param registry client of the schema registry
 * @param schemas ids of the own schemas, and schemas of those who write images
 * @param configuration settings in force
 * @param lag reader of what waits
 * @param batcher micro-batcher of all partitions
 * @param admission what may go on to the micro-batcher
 * @param fetching fetcher of images by address
 * @param suspects count of the processes that ended over the same images
 * @param abandoned ends what killed instances left open
 * @param streams Kafka Streams, not started
 * @param topology its topology as text
 * @param metrics recorders
 * @param tracing traces, or none
 * @param failures bound on failures of stream threads
 * @param newestImages images for the live page
 * @param newestDeadLetters dead letters for the live page
 * @param terms what the next batch is opened under
 */
record PipelineParts(
    RegistryClient registry,
    RegistrySchemas schemas,
    LiveConfiguration configuration,
    LagMonitor lag,
    MicroBatcher<InFlightRecord> batcher,
    Admission admission,
    Fetching fetching,
    Suspects suspects,
    AbandonedTransactions abandoned,
    KafkaStreams streams,
    String topology,
    PipelineMetrics metrics,
    Tracing tracing,
    FailureBound failures,
    NewestImages newestImages,
    NewestDeadLetters newestDeadLetters,
    TermsInForce terms) {

  /** Maximum failures of each stream thread in one series. */
  private static final int MAX_FAILURES = 5;

  private static final Duration QUIET = Duration.ofMinutes(1);

  private static final Logger log = LoggerFactory.getLogger(PipelineParts.class);

  /** Maximum total wait for room between two commits; well below the transaction timeout. */
  private static final Duration IN_FLIGHT_WAIT = Duration.ofSeconds(2);

  /** How often the backlog is read. */
  private static final Duration LAG_INTERVAL = Duration.ofMillis(250);

  /** Maximum encoded bytes of a batch. */
  private static final long MAX_BATCH_BYTES = 64L << 20;

  /** Fetches at once where batches are small. */
  private static final int MIN_FETCHES = 64;

  /** Batches of images that a partition has in the instance beside those that run. */
  private static final int WAITING_BATCHES = 3;

  /** Maximum time of a commit, unless something is wrong. */
  private static final Duration MAX_COMMIT = Duration.ofSeconds(2);

  private static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);

  /**
   * Puts the parts together; if one fails, closes those that were opened before it.
   *
   * @param waiting told what the start waits for; null when it waits no more
   * @param clock makes the time that Kafka Streams punctuates and commits by
   */
  static PipelineParts assemble(
      Settings settings,
      LiveSettings file,
      StreamsConfig streamsConfig,
      TopicLimits limits,
      ModelSource source,
      PipelineMetrics metrics,
      Consumer<@Nullable String> waiting,
      Supplier<SteadyTime> clock) {
    Topics topics = Topics.of(settings);
    EventFormat predictions = EventFormat.of(settings);
    EventFormat utilization = EventFormat.of(settings);
    Suspects suspects = new Suspects(settings.getInt(Settings.POISON_DEATHS));
    NewestDeadLetters newestDeadLetters = new NewestDeadLetters();
    int threads = streamsConfig.getInt(StreamsConfig.NUM_STREAM_THREADS_CONFIG);
    long maxBytes = Runtime.getRuntime().maxMemory() / 4;
    Deque<Runnable> undo = new ArrayDeque<>();
    try {
      Tracing tracing = Tracing.start(settings, metrics.traces());
      undo.push(tracing::close);
      RegistryClient registry = RegistryClient.of(settings, StreamsProperties.MAX_WAIT);
      undo.push(registry::close);
      RegistrySchemas schemas = new RegistrySchemas(settings, registry, REGISTRY_PAUSE);
      undo.push(schemas::close);
      schemas.await(waiting);
      AbandonedTransactions abandoned = abandoned(settings);
      undo.push(abandoned::close);
      CommitGuard guard = new CommitGuard(IN_FLIGHT_WAIT, suspects, schemas::ids, abandoned);
      LagMonitor lag =
          new LagMonitor(
              () -> Admin.create(sideProperties(settings)),
              settings.getString(Settings.APPLICATION_ID),
              guard.queues(),
              LAG_INTERVAL,
              (load, oldestNanos) ->
                  metrics
                      .capacity()
                      .load(load.backlogImages(), load.arrivalsPerSecond(), oldestNanos));
      TermsInForce terms = new TermsInForce(source, lag::load, MAX_BATCH_BYTES, metrics);
      undo.push(terms::close);
      LiveConfiguration configuration =
          new LiveConfiguration(
              () -> ConfigLog.of(settings),
              new ConfigReader(registry, settings, UnaryOperator.identity(), registry::remembers),
              file,
              terms,
              metrics.capacity());
      undo.push(configuration::close);
      new RegistryWait("the start", REGISTRY_PAUSE, waiting)
          .until(() -> started(configuration)); // says which model is to be loaded
      limits
          .utilizationProblem(
              topics,
              ShareEvents.maxUtilizationBytes(
                  terms.routed(), terms.current().maxBatchImages(), utilization))
          .ifPresent(log::warn);
      NewestImages newestImages = new NewestImages(terms::served);
      GuardedObserver observer =
          new GuardedObserver(
              metrics::observerFailed,
              newestImages,
              newestDeadLetters,
              new ShareRecorder(metrics),
              new ShareTracer(tracing, topics, settings.getString(Settings.APPLICATION_ID)));
      PartitionQueues queues = guard.queues();
      metrics.gauge(Metric.IMAGES_IN_FLIGHT, queues::images);
      metrics.gauge(Metric.IN_FLIGHT_BYTES, queues::bytes);
      Fetching fetching =
          new Fetching(
              fetchBounds(settings, maxBytes, queues),
              (outcome, nanos) ->
                  metrics.images().fetchEnded(outcome.name().toLowerCase(Locale.ROOT), nanos));
      undo.push(fetching::close);
      metrics.gauge(Metric.FETCHED_BYTES, fetching::bytes);
      metrics.gauge(Metric.IMAGES_HELD, queues::held);
      metrics.gauge(Metric.IMAGES_FETCHING, queues::fetching);
      metrics.gauge(Metric.PARTITIONS_SUSPECTED, suspects::suspected);
      MicroBatcher<InFlightRecord> batcher =
          new MicroBatcher<>(
              terms::terms,
              new WorkBounds(
                  settings.decodeThreads(terms.served().takesAllCores()),
                  () -> settings.decodeMaxBytes(terms.modelBytes()),
                  settings.decodeTimeout(),
                  settings.inferenceTimeout()),
              observer);
      undo.push(batcher::close);
      metrics.gauge(Metric.DECODE_BYTES, () -> batcher.decodeLoad().bytes());
      metrics.gauge(Metric.DECODES_HUNG, () -> batcher.decodeLoad().hung());
      Admission admission =
          new Admission(
              () ->
                  (WAITING_BATCHES + terms.served().parallelRuns())
                      * terms.current().maxBatchImages(),
              maxBytes,
              new RequestReader(
                  schemas.writers(),
                  settings.getInt(Settings.IMAGE_MAX_BYTES),
                  predictions,
                  "/vmoe/" + settings.getString(Settings.APPLICATION_ID)),
              fetching::openLine,
              new Deadlines(terms::current, settings.commitInterval(), Clock.systemUTC()),
              guard);
      MicroBatchProcessor.Shared shared =
          new MicroBatchProcessor.Shared(
              batcher::openLane,
              admission,
              new ShareEvents(PredictionContents.of(settings)),
              guard,
              new EarlyCommit(
                  queues,
                  () -> terms.current().maxBatchImages() * terms.served().parallelRuns(),
                  MAX_BATCH_BYTES,
                  settings.commitInterval()),
              Math.min(StreamsProperties.largestSent(streamsConfig), limits.deadLetters()));
      Topology topology =
          PipelineTopology.build(
              topics,
              new EventSerializer<>(predictions, registry),
              new EventSerializer<>(utilization, registry),
              input -> new MicroBatchProcessor(shared, observer, input));
      SteadyTime time = clock.get();
      return new PipelineParts(
          registry,
          schemas,
          configuration,
          lag,
          batcher,
          admission,
          fetching,
          suspects,
          abandoned,
          KafkaInternals.streams(
              topology, streamsConfig, guard, time::milliseconds, time::nanoseconds),
          topology.describe().toString(),
          metrics,
          tracing,
          new FailureBound(MAX_FAILURES * threads, QUIET),
          newestImages,
          newestDeadLetters,
          terms);
    } catch (RuntimeException e) {
      undo.forEach(Runnable::run);
      throw e;
    }
  }

  private static AbandonedTransactions abandoned(Settings settings) {
    Duration stalled = IN_FLIGHT_WAIT.plus(MAX_COMMIT);
    Duration usual = settings.commitInterval().multipliedBy(3);
    return new AbandonedTransactions(
        () -> Admin.create(sideProperties(settings)),
        settings.getString(Settings.APPLICATION_ID),
        Collections.max(List.of(usual, stalled)));
  }

  private static LiveConfiguration started(LiveConfiguration configuration) {
    try {
      configuration.start();
      return configuration;
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  /** What takes longer than this beside the images is given up: the next one has a new chance. */
  private static Map<String, Object> sideProperties(Settings settings) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    properties.putAll(settings.adminProperties());
    return properties;
  }

  private static FetchBounds fetchBounds(Settings settings, long maxBytes, PartitionQueues queues) {
    return new FetchBounds(
        settings.getList(Settings.FETCH_PREFIXES),
        Set.copyOf(settings.getList(Settings.FETCH_PRIVATE_HOSTS)),
        Math.max(MIN_FETCHES, 2 * settings.getInt(Settings.BATCH_MAX_IMAGES)),
        Duration.ofMillis(settings.getLong(Settings.FETCH_TIMEOUT_MS)),
        settings.getInt(Settings.IMAGE_MAX_BYTES),
        () -> maxBytes - queues.bytes());
  }
}
