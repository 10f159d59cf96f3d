package dev.vmoe.streams;

import dev.vmoe.batch.BatchLimits;
import dev.vmoe.batch.MicroBatcher;
import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.event.PipelineConfig;
import dev.vmoe.event.Prediction;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.inference.WatchedClassifier;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.tracing.Tracing;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Pipeline} is made of.
 *
 * @param registry client of the schema registry
 * @param configuration settings in force
 * @param lag reader of what waits
 * @param batcher micro-batcher of all partitions
 * @param inFlight bound on what is read and not answered
 * @param streams Kafka Streams, not started
 * @param topology its topology as text
 * @param metrics recorders
 * @param tracing traces, or none
 * @param failures how many failures of stream threads are borne
 * @param newestImages images to look at
 * @param newestDeadLetters dead letters to look at
 * @param card the model
 * @param profile keeper of the routing profile; null if this instance keeps none
 */
record PipelineParts(
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

  /** Failures of each stream thread in one series before the instance gives up. */
  private static final int BORNE_FAILURES = 5;

  private static final Duration QUIET = Duration.ofMinutes(1);

  /** Puts the parts together; if one fails, closes those that were opened before it. */
  static PipelineParts assemble(
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
      if (keepsProfile(settings, classifier.card())) {
        registry.register(topics.routingProfile(), RoutingProfile.getClassSchema());
      }
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
              new ConfigReader(
                  registry, settings, live -> Pipeline.runnable(live, classifier.card())),
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
                recorder.watch(() -> recorder.ran(run));
                recorder.watch(() -> tracer.ran(run, images));
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
      return new PipelineParts(
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

  private static @Nullable RoutingProfileStream profile(
      Settings settings, Topics topics, RegistryClient registry, ModelCard card) {
    return keepsProfile(settings, card)
        ? new RoutingProfileStream(settings, topics, registry, card)
        : null;
  }

  /** Returns whether an instance keeps a routing profile; a dense model routes nothing. */
  static boolean keepsProfile(Settings settings, ModelCard card) {
    return !card.dense() && !settings.routingProfileInterval().isZero();
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
}
