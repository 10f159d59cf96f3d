package dev.vmoe.streams;

import dev.vmoe.batch.BatchLimits;
import dev.vmoe.batch.FlushReason;
import dev.vmoe.batch.MicroBatcher;
import dev.vmoe.capacity.Load;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.WatchedClassifier;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.tracing.Tracing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running instance: Kafka Streams around the micro-batcher.
 *
 * <p>The classifier and the decoder stay the caller's to close, after the pipeline.
 */
public final class Pipeline implements AutoCloseable {

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(30);

  /** Failures of each stream thread in one series before the instance gives up. */
  private static final int BORNE_FAILURES = 5;

  private static final Duration QUIET = Duration.ofMinutes(1);

  private static final Logger log = LoggerFactory.getLogger(Pipeline.class);

  private final RegistryClient registry;
  private final LiveConfiguration configuration;
  private final LagMonitor lag;
  private final MicroBatcher<Waiting> batcher;
  private final InFlight inFlight;
  private final KafkaStreams streams;
  private final String topology;
  private final PipelineMetrics metrics;
  private final Tracing tracing;
  private final FailureBound failures;
  private final NewestImages newestImages;
  private final NewestDeadLetters newestDeadLetters;
  private final ModelCard card;
  private final @Nullable RoutingProfileStream profile;
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Pipeline(
      RegistryClient registry,
      LiveConfiguration configuration,
      LagMonitor lag,
      MicroBatcher<Waiting> batcher,
      InFlight inFlight,
      KafkaStreams streams,
      String topology,
      PipelineMetrics metrics,
      Tracing tracing,
      FailureBound failures,
      NewestImages newestImages,
      NewestDeadLetters newestDeadLetters,
      ModelCard card,
      @Nullable RoutingProfileStream profile) {
    this.registry = registry;
    this.configuration = configuration;
    this.lag = lag;
    this.batcher = batcher;
    this.inFlight = inFlight;
    this.streams = streams;
    this.topology = topology;
    this.metrics = metrics;
    this.tracing = tracing;
    this.failures = failures;
    this.newestImages = newestImages;
    this.newestDeadLetters = newestDeadLetters;
    this.card = card;
    this.profile = profile;
  }

  /** Starts a pipeline that stays at the fixed operating point, unmeasured. */
  public static Pipeline start(
      Settings settings, BatchClassifier classifier, ImageDecoder decoder) {
    return start(
        settings,
        classifier,
        decoder,
        ControllerFactory.fixed(),
        metrics(new Meters(), classifier.card()));
  }

  /** Returns the recorders of a pipeline with this model. */
  public static PipelineMetrics metrics(Meters meters, ModelCard card) {
    PipelineMetrics metrics =
        new PipelineMetrics(
            meters,
            card.moeBlocks(),
            card.numExperts(),
            Arrays.stream(FlushReason.values()).map(FlushReason::label).toList());
    metrics.model(card.name(), card.weightsHash());
    return metrics;
  }

  /**
   * Checks what the pipeline needs, takes the configuration in force over and starts; returns
   * before the first image.
   *
   * @param factory makes the controllers that choose each batch's operating point
   * @param metrics recorders of this pipeline alone; see {@link #metrics}
   * @throws org.apache.kafka.common.config.ConfigException if a setting is not one that the model
   *     can run with
   * @throws PipelineException if the brokers cannot be reached, a topic is missing or the
   *     configuration topic cannot be read
   * @throws dev.vmoe.event.RegistryUnavailableException if the registry does not answer in time
   * @throws dev.vmoe.event.SchemaRefusedException if the registry refuses a schema
   */
  public static Pipeline start(
      Settings settings,
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory factory,
      PipelineMetrics metrics) {
    LiveSettings file = runnable(settings, classifier.card());
    Topics topics = Topics.of(settings);
    StreamsProperties config = new StreamsProperties(settings);
    TopicLimits limits =
        new TopicCheck(topics)
            .limits(settings.adminProperties(), settings.getInt(Settings.IMAGE_MAX_BYTES));
    StreamsConfig streamsConfig = new StreamsConfig(config.streams(limits.largestRecord()));

    Pipeline pipeline =
        assemble(settings, file, streamsConfig, limits, classifier, decoder, factory, metrics);
    try {
      pipeline.start();
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
    return pipeline;
  }

  /** Puts the parts together; if one fails, closes those that were opened before it. */
  static Pipeline assemble(
      Settings settings,
      LiveSettings file,
      StreamsConfig streamsConfig,
      TopicLimits limits,
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory factory,
      PipelineMetrics metrics) {
    Topics topics = Topics.of(settings);
    CommitGuard guard = new CommitGuard(settings.inFlightWait());
    WatchedClassifier watched = new WatchedClassifier(classifier);
    NewestImages newestImages = new NewestImages(watched);
    NewestDeadLetters newestDeadLetters = new NewestDeadLetters();
    ShareRecorder recorder =
        new ShareRecorder(
            metrics,
            share -> {
              newestImages.emitted(share);
              newestDeadLetters.emitted(share);
            });
    ShareEvents events = new ShareEvents(classifier.card());
    int threads = streamsConfig.getInt(StreamsConfig.NUM_STREAM_THREADS_CONFIG);
    long largestDeadLetter =
        Math.min(StreamsProperties.largestSent(streamsConfig), limits.deadLetters());
    Deque<Runnable> undo = new ArrayDeque<>();
    try {
      Tracing tracing = Tracing.start(settings, metrics.traces());
      undo.push(tracing::close);
      ShareTracer tracer =
          new ShareTracer(
              tracing,
              topics,
              settings.getString(Settings.APPLICATION_ID),
              classifier.card().name());
      RegistryClient registry =
          new RegistryClient(
              settings.getString(Settings.REGISTRY_URL),
              settings.registryProperties(),
              settings.registryRetry());
      undo.push(registry::close);
      registry.register(topics.images(), ImageRequest.getClassSchema());
      registry.register(topics.predictions(), Prediction.getClassSchema());
      registry.register(topics.expertUtilization(), ExpertUtilization.getClassSchema());
      registry.register(topics.config(), PipelineConfig.getClassSchema());
      registry.register(topics.routingProfile(), RoutingProfile.getClassSchema());
      LagMonitor lag =
          new LagMonitor(
              () -> Admin.create(lagProperties(settings)),
              settings.getString(Settings.APPLICATION_ID),
              guard.pending(),
              settings.lagInterval(),
              (load, oldestNanos) ->
                  metrics
                      .capacity()
                      .load(load.backlogImages(), load.arrivalsPerSecond(), oldestNanos));
      LiveCapacity capacity = capacity(factory, lag, file);
      LiveConfiguration configuration =
          new LiveConfiguration(
              () -> new ConfigLog(settings.consumerProperties(), topics.config()),
              new ConfigReader(registry, settings, live -> runnable(live, classifier.card())),
              file,
              capacity::take,
              metrics.capacity());
      InFlight inFlight =
          new InFlight(
              () -> settings.inFlightImages(configuration.current().maxBatchImages()),
              settings.inFlightMaxBytes());
      metrics.images().inFlight(inFlight::images, inFlight::bytes);
      long maxBatchBytes = settings.getLong(Settings.BATCH_MAX_BYTES);
      MicroBatcher<Waiting> batcher =
          new MicroBatcher<>(
              watched,
              decoder,
              capacity,
              () -> batchLimits(configuration.current(), maxBatchBytes),
              settings.decodeThreads(classifier.takesAllCores()),
              (run, images) -> {
                recorder.ran(run);
                tracer.ran(run, images);
              });
      undo.push(batcher::close);
      RequestReader reader = new RequestReader(registry, settings.getInt(Settings.IMAGE_MAX_BYTES));
      Topology topology =
          PipelineTopology.build(
              topics,
              registry,
              () ->
                  new MicroBatchProcessor(
                      batcher::openLane,
                      reader,
                      events,
                      guard,
                      inFlight,
                      topics.images(),
                      largestDeadLetter,
                      recorder,
                      tracer));
      RoutingProfileStream profile = profile(settings, topics, registry, classifier.card());
      if (profile != null) {
        undo.push(profile::close);
      }
      return new Pipeline(
          registry,
          configuration,
          lag,
          batcher,
          inFlight,
          new KafkaStreams(topology, streamsConfig, guard),
          topology.describe().toString(),
          metrics,
          tracing,
          new FailureBound(BORNE_FAILURES * threads, QUIET),
          newestImages,
          newestDeadLetters,
          classifier.card(),
          profile);
    } catch (RuntimeException e) {
      undo.forEach(Runnable::run);
      throw e;
    }
  }

  /** A dense model routes nothing. */
  private static @Nullable RoutingProfileStream profile(
      Settings settings, Topics topics, RegistryClient registry, ModelCard card) {
    return card.dense() || settings.routingProfileInterval().isZero()
        ? null
        : new RoutingProfileStream(settings, topics, registry);
  }

  private static LiveCapacity capacity(
      ControllerFactory factory, LagMonitor lag, LiveSettings file) {
    try {
      return new LiveCapacity(factory, lag::load, file);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  /** A reading that takes longer than this is none: the next one has a new chance. */
  private static Map<String, Object> lagProperties(Settings settings) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    properties.putAll(settings.adminProperties());
    return properties;
  }

  private static BatchLimits batchLimits(LiveSettings live, long maxBytes) {
    return new BatchLimits(live.maxBatchImages(), maxBytes, live.linger());
  }

  /**
   * Returns the settings of the file for this model.
   *
   * @throws ConfigException if it cannot run with them
   */
  static LiveSettings runnable(Settings settings, ModelCard card) {
    try {
      return runnable(LiveSettings.of(settings), card);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  private static LiveSettings runnable(LiveSettings live, ModelCard card) {
    LiveSettings complete = live.forModel(card);
    BufferRoom.require(card.imageSize(), complete.maxBatchImages(), BufferRoom.ofThisJvm());
    return complete;
  }

  private void start() {
    configuration.start();
    lag.start();
    streams.setUncaughtExceptionHandler(this::onFailure);
    streams.setStateListener(this::onState);
    metrics.streamsState(
        () -> streams.state().name(),
        Arrays.stream(KafkaStreams.State.values()).map(KafkaStreams.State::name).toList());
    streams.start();
    if (profile != null) {
      profile.start();
    }
  }

  private StreamThreadExceptionResponse onFailure(Throwable exception) {
    metrics.threadFailed();
    if (failures.exceededBy(System.nanoTime())) {
      log.error("too many failures in a row, the instance stops", exception);
      failure.compareAndSet(null, exception);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    log.error(
        "a stream thread failed and is replaced; what it had not emitted is read again", exception);
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  private void onState(KafkaStreams.State now, KafkaStreams.State before) {
    log.info("{} after {}", now, before);
    if (now == KafkaStreams.State.RUNNING) {
      running.countDown();
    }
    if (now == KafkaStreams.State.ERROR || now == KafkaStreams.State.NOT_RUNNING) {
      stopped.countDown();
    }
  }

  /**
   * Waits until partitions are assigned and read.
   *
   * @return false if the time is up first
   */
  public boolean awaitRunning(Duration timeout) throws InterruptedException {
    return running.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits until the pipeline is closed or has given up; {@link #failure()} says which. */
  public void awaitStopped() throws InterruptedException {
    stopped.await();
  }

  /** Returns the state of Kafka Streams; RUNNING while partitions are read. */
  public KafkaStreams.State state() {
    return streams.state();
  }

  /** Returns the topologies as Kafka Streams describes them: images, and the routing profile. */
  public String topology() {
    return profile == null ? topology : topology + "\n" + profile.topology();
  }

  /** Returns the model. */
  public ModelCard card() {
    return card;
  }

  /**
   * Returns the routing profile of all instances, a row for each model and class, as of its last
   * commit; nothing while this instance does not keep it.
   */
  public Optional<List<RoutingProfile>> routingProfile() {
    return Optional.ofNullable(profile).map(RoutingProfileStream::rows);
  }

  /** Adds the metrics of Kafka Streams and its clients. */
  public void bindKafka(Meters meters) {
    meters.bindKafka(streams);
  }

  /** Returns the configuration that the pipeline follows. */
  public LiveConfiguration configuration() {
    return configuration;
  }

  /** Returns images of one of the newest batches. */
  public NewestImages newestImages() {
    return newestImages;
  }

  /** Returns the last dead letters. */
  public NewestDeadLetters newestDeadLetters() {
    return newestDeadLetters;
  }

  /** Returns what waits in the partitions of this instance, as it was read last. */
  public Load load() {
    return lag.load(System.nanoTime());
  }

  /** Returns why the pipeline gave up, if it did. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  /** Commits what is emitted, gives the partitions back and stops all threads. */
  @Override
  public void close() {
    inFlight.stop(); // who waits for room comes back at once,
    registry.giveUp(); // and who waits for the registry; what they hold is read again
    if (!streams.close(CLOSE_LIMIT)) {
      log.warn("the stream threads did not end within {}", CLOSE_LIMIT);
    }
    if (profile != null) {
      profile.close();
    }
    batcher.close();
    configuration.close();
    lag.close();
    registry.close();
    tracing.close();
    stopped.countDown();
  }
}
