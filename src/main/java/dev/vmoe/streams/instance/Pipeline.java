package dev.vmoe.streams.instance;

import dev.vmoe.core.batch.FlushReason;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.DaemonThread;
import dev.vmoe.streams.settings.EventFormat;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.MissingRight;
import dev.vmoe.streams.topics.PipelineException;
import dev.vmoe.streams.topics.TopicCheck;
import dev.vmoe.streams.topics.TopicLimits;
import dev.vmoe.streams.topics.Topics;
import dev.vmoe.streams.topology.NewestDeadLetters;
import dev.vmoe.streams.topology.NewestImages;
import dev.vmoe.streams.topology.ShareEvents;
import dev.vmoe.streams.topology.SteadyTime;
import dev.vmoe.streams.topology.StreamsProperties;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
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

  /** Maximum failures of each stream thread in one series. */
  private static final int MAX_FAILURES = 5;

  private static final Duration QUIET = Duration.ofMinutes(1);

  private static final Logger log = LoggerFactory.getLogger(Pipeline.class);

  private final CommitControl commits;
  private final BatchControl control;
  private final Observers observers;
  private final ImagePath images;
  private final ThreadFailures failures;
  private final String applicationId;
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private Pipeline(
      Settings settings,
      StreamsConfig streamsConfig,
      CommitControl commits,
      BatchControl control,
      Observers observers,
      ImagePath images) {
    this.commits = commits;
    this.control = control;
    this.observers = observers;
    this.images = images;
    this.failures =
        new ThreadFailures(
            MAX_FAILURES * streamsConfig.getInt(StreamsConfig.NUM_STREAM_THREADS_CONFIG), QUIET);
    this.applicationId = settings.getString(Settings.APPLICATION_ID);
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

  /** Returns the recorders of a pipeline. */
  public static PipelineMetrics metrics(Meters meters) {
    return new PipelineMetrics(
        meters, Arrays.stream(FlushReason.values()).map(FlushReason::label).toList());
  }

  /** Returns the recorders of a pipeline with this model. */
  public static PipelineMetrics metrics(Meters meters, ModelCard card) {
    PipelineMetrics metrics = metrics(meters);
    metrics.model(card.name(), card.weightsHash(), card.moeBlocks(), card.numExperts());
    return metrics;
  }

  /** Starts a pipeline that classifies with one model as long as it lives. */
  public static Pipeline start(
      Settings settings,
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory factory,
      PipelineMetrics metrics) {
    return start(
        settings,
        ModelSource.only(settings.getString(Settings.MODEL), classifier, decoder, factory),
        metrics);
  }

  /**
   * Starts a pipeline as {@link #start(Settings, ModelSource, PipelineMetrics, Consumer)} does, and
   * tells nobody what the start waits for.
   */
  public static Pipeline start(Settings settings, ModelSource models, PipelineMetrics metrics) {
    return start(settings, models, metrics, waiting -> {});
  }

  /**
   * Checks what the pipeline needs, takes the configuration in force over with its model and
   * starts; returns before the first image. Waits for the schema registry as long as it takes, if
   * what is needed of it is not known otherwise.
   *
   * @param models has the models; those that it loads are closed with the pipeline
   * @param metrics recorders of this pipeline alone; see {@link #metrics}
   * @param waiting told what the start waits for; null when it waits no more
   * @throws org.apache.kafka.common.config.ConfigException if a setting is not one that the model
   *     can run with
   * @throws PipelineException if the brokers cannot be reached, a topic is missing or the
   *     configuration topic cannot be read
   * @throws dev.vmoe.core.inference.InferenceException if the model cannot be loaded
   * @throws dev.vmoe.event.RegistryUnavailableException if the thread is interrupted while it waits
   * @throws dev.vmoe.event.SchemaRefusedException if the registry refuses a schema
   */
  public static Pipeline start(
      Settings settings,
      ModelSource models,
      PipelineMetrics metrics,
      Consumer<@Nullable String> waiting) {
    return start(settings, models, metrics, waiting, SteadyTime::new);
  }

  /** Starts a pipeline whose Kafka Streams punctuates and commits by this time. */
  static Pipeline start(
      Settings settings,
      ModelSource models,
      PipelineMetrics metrics,
      Consumer<@Nullable String> waiting,
      Supplier<SteadyTime> clock) {
    LiveSettings file = complete(settings, models);
    Topics topics = Topics.of(settings);
    TopicLimits limits =
        new TopicCheck(topics)
            .limits(settings.adminProperties(), settings.getInt(Settings.IMAGE_MAX_BYTES));
    StreamsConfig streamsConfig =
        new StreamsConfig(new StreamsProperties(settings).streams(limits.largestRecord()));

    Pipeline pipeline =
        open(settings, file, streamsConfig, limits, models, metrics, waiting, clock);
    try {
      pipeline.start();
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
    return pipeline;
  }

  /**
   * Puts the parts together and takes the configuration in force over; if that fails, closes what
   * was opened. Kafka Streams is not started yet.
   */
  static Pipeline open(
      Settings settings,
      LiveSettings file,
      StreamsConfig streamsConfig,
      TopicLimits limits,
      ModelSource models,
      PipelineMetrics metrics,
      Consumer<@Nullable String> waiting,
      Supplier<SteadyTime> clock) {
    Deque<Runnable> opened = new ArrayDeque<>();
    try {
      CommitControl commits = new CommitControl(settings);
      opened.push(commits::close);
      BatchControl control = new BatchControl(settings, file, models, commits, metrics);
      opened.push(control::close);
      Observers observers = Observers.open(settings, metrics, control.terms()::served);
      opened.push(observers::close);
      commits.awaitSchemas(waiting);
      control.start(waiting); // says which model is to be loaded
      warnOfSmallUtilization(settings, limits, control.terms());
      ImagePath images =
          ImagePath.open(settings, streamsConfig, limits, commits, control, observers, clock.get());
      return new Pipeline(settings, streamsConfig, commits, control, observers, images);
    } catch (RuntimeException e) {
      opened.forEach(Runnable::run);
      throw e;
    }
  }

  private static void warnOfSmallUtilization(
      Settings settings, TopicLimits limits, TermsInForce terms) {
    long largest =
        ShareEvents.maxUtilizationBytes(
            terms.routed(), terms.current().maxBatchImages(), EventFormat.of(settings));
    limits
        .utilizationProblem(Topics.of(settings), largest)
        .map(Object::toString)
        .ifPresent(log::warn);
  }

  /** The settings file has to be whole by itself: a reset returns to it. */
  private static LiveSettings complete(Settings settings, ModelSource models) {
    try {
      return models.complete(LiveSettings.of(settings));
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  private void start() {
    images.batcher().broken().thenAccept(this::giveUp);
    commits
        .schemas()
        .failed()
        .thenAccept(
            reason -> {
              commits.suspects().blameNoImages();
              giveUp(reason);
            });
    control.lag().start();
    images.streams().setUncaughtExceptionHandler(this::onFailure);
    images.streams().setStateListener(this::onState);
    observers
        .metrics()
        .streamsState(
            () -> images.streams().state().name(),
            Arrays.stream(KafkaStreams.State.values()).map(KafkaStreams.State::name).toList());
    images.streams().start();
  }

  /** Says that this instance cannot go on: whoever waits for its end closes it. */
  private void giveUp(Throwable reason) {
    log.error("the instance stops; other instances answer its images", reason);
    failure.compareAndSet(null, reason);
    stopped.countDown();
  }

  private StreamThreadExceptionResponse onFailure(Throwable exception) {
    observers.metrics().threadFailed();
    if (ThreadFailures.besideImages(exception)) {
      commits.suspects().blameNoImages();
    }
    if (failure.get() != null) {
      log.error("a stream thread failed while the instance stops", exception);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    if (failures.exceededBy(System.nanoTime())) {
      log.error("too many failures in a row, the instance stops", exception);
      failure.compareAndSet(null, explained(exception));
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    log.error(
        "a stream thread failed and is replaced; what it had not emitted is read again", exception);
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /** A right that is missing fails every thread alike, with a message that does not say which. */
  private Throwable explained(Throwable exception) {
    return MissingRight.in(exception, List.of(AclOperation.READ, AclOperation.WRITE), applicationId)
        .<Throwable>map(right -> new PipelineException(right, exception))
        .orElse(exception);
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
    return images.streams().state();
  }

  /** Returns the topology as Kafka Streams describes it. */
  public String topology() {
    return images.topology();
  }

  /** Returns the first model that the next batch may be run with: the one that settings name. */
  public ModelCard card() {
    return control.terms().served().card();
  }

  /** Adds the metrics of Kafka Streams and its clients. */
  public void bindKafka(Meters meters) {
    meters.bindKafka(images.streams());
  }

  /**
   * Returns settings complete for the model that they name, without loading it.
   *
   * @throws IllegalArgumentException if this instance would refuse them, saying why
   */
  public LiveSettings complete(LiveSettings settings) {
    return control.terms().complete(settings);
  }

  /** Returns the configuration that the pipeline follows. */
  public LiveConfiguration configuration() {
    return control.configuration();
  }

  /** Returns images of one of the newest batches. */
  public NewestImages newestImages() {
    return observers.newestImages();
  }

  /** Returns the last dead letters. */
  public NewestDeadLetters newestDeadLetters() {
    return observers.newestDeadLetters();
  }

  /** Returns what waits in the partitions of this instance, as it was read last. */
  public Load load() {
    return control.lag().load(System.nanoTime());
  }

  /** Returns why the pipeline gave up, if it did. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  /**
   * Commits what is emitted, gives the partitions back and stops all threads; waits for a batch
   * that runs and a model that is being loaded, as long as they take.
   */
  @Override
  public void close() {
    Throwable reason = failure.get();
    if (reason == null || ThreadFailures.besideImages(reason)) {
      commits.stopInOrder();
    }
    images.admission().stop(); // threads that wait for room return at once,
    commits.stopAsking(); // and those that wait for the registry
    // Both may wait for brokers that are away: not one after the other.
    Thread following = DaemonThread.start(control::stopFollowing, "vmoe-close-beside");
    images.close();
    try {
      following.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    control.close();
    commits.close();
    observers.close();
    stopped.countDown();
  }
}
