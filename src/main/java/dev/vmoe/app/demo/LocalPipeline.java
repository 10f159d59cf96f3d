package dev.vmoe.app.demo;

import dev.vmoe.app.client.Replay;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.LoadedModel;
import dev.vmoe.streams.instance.ModelSource;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** A broker, a registry and a pipeline in one process, on loopback only. */
public final class LocalPipeline implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Settings settings;
  private final LocalBroker broker;
  private final Pipeline pipeline;

  /** Whether all models have experts. */
  private final boolean experts;

  private static final int WINDOW_BATCHES = 8;

  /**
   * Starts everything, with a pipeline that always uses the same operating point.
   *
   * @param batch maximum images of a micro-batch
   * @param classifier closed by the caller, after this
   * @param progress receives what is being started
   */
  public LocalPipeline(
      RoutingSettings routing,
      int batch,
      BatchClassifier classifier,
      ImageDecoder decoder,
      Consumer<String> progress)
      throws InterruptedException {
    this(
        properties(routing, batch),
        TopicPlan.load(),
        classifier,
        decoder,
        (settings, metrics) ->
            live ->
                new FixedCapacity(
                    new OperatingPoint(routing.capacityRatio(), routing.expertsPerToken()),
                    routing.routing()),
        new Meters(),
        progress);
  }

  /** Makes the controllers of a pipeline once its settings are known. */
  @FunctionalInterface
  public interface Controllers {
    ControllerFactory create(Settings settings, PipelineMetrics metrics);
  }

  /** Starts everything, with one model, and waits until the pipeline reads. */
  public LocalPipeline(
      Map<String, String> properties,
      TopicPlan plan,
      BatchClassifier classifier,
      ImageDecoder decoder,
      Controllers controllers,
      Meters meters,
      Consumer<String> progress)
      throws InterruptedException {
    this(properties, plan, List.of(classifier), decoder, controllers, meters, progress);
  }

  /**
   * Starts everything and waits until the pipeline reads.
   *
   * @param properties settings except the addresses
   * @param plan topics to create
   * @param classifiers the models by the index of an operating point; closed by the caller, after
   *     this
   * @param controllers choose the operating point of each batch
   * @param meters closed with this
   * @param progress receives what is being started
   */
  public LocalPipeline(
      Map<String, String> properties,
      TopicPlan plan,
      List<BatchClassifier> classifiers,
      ImageDecoder decoder,
      Controllers controllers,
      Meters meters,
      Consumer<String> progress)
      throws InterruptedException {
    experts = classifiers.stream().noneMatch(classifier -> classifier.card().dense());
    try {
      opened(meters);
      progress.accept("starting a Kafka broker and a schema registry");
      broker = opened(new LocalBroker());
      settings = broker.settings(properties, plan);
      PipelineMetrics metrics = Pipeline.metrics(meters, classifiers.get(0).card());
      ControllerFactory factory = controllers.create(settings, metrics);
      progress.accept("starting the pipeline");
      pipeline =
          opened(
              Pipeline.start(
                  settings,
                  ModelSource.only(
                      settings.getString(Settings.MODEL),
                      new LoadedModel(classifiers, decoder, factory, () -> {})),
                  metrics));
      awaitRunning(pipeline);
    } catch (RuntimeException | InterruptedException e) {
      close();
      throw e;
    }
  }

  /**
   * Waits until a pipeline reads.
   *
   * @throws IllegalStateException if that takes too long
   */
  public static void awaitRunning(Pipeline pipeline) throws InterruptedException {
    if (!pipeline.awaitRunning(START_LIMIT)) {
      throw new IllegalStateException(
          "the pipeline did not start within " + START_LIMIT.toSeconds() + " s");
    }
  }

  /** Returns the settings of a pipeline with this operating point and routing. */
  public static Map<String, String> properties(RoutingSettings routing, int batch) {
    Map<String, String> properties = new HashMap<>();
    properties.put(Settings.CAPACITY_RATIO, Double.toString(routing.capacityRatio()));
    properties.put(Settings.EXPERTS_PER_TOKEN, Integer.toString(routing.expertsPerToken()));
    properties.put(Settings.ROUTING, routing.routing().label());
    properties.put(Settings.BATCH_MAX_IMAGES, Integer.toString(batch));
    return properties;
  }

  /** Returns the settings, including addresses. */
  public Settings settings() {
    return settings;
  }

  Pipeline pipeline() {
    return pipeline;
  }

  /** Leaves it to the caller to close this when the JVM stops. */
  void leaveToCaller() {
    broker.leaveToCaller();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  /**
   * Sends images to the pipeline like a producer and receives the answers like a consumer.
   *
   * @param images sent again from the first if {@code count} is larger
   * @param count images to send
   * @param perSecond images a second; 0 for as fast as they are answered
   * @param answered receives the number of answers so far
   */
  public Replay.ReplayOutcome replay(
      List<LabelledImage> images, long count, double perSecond, LongConsumer answered)
      throws InterruptedException {
    return replay()
        .run(
            endless(images),
            new Replay.ReplayLoad(
                count, perSecond, window(settings.getInt(Settings.BATCH_MAX_IMAGES))),
            answered);
  }

  /** Returns the number of unanswered images that keeps batches of this size full. */
  public static int window(int batch) {
    return WINDOW_BATCHES * batch;
  }

  /** Returns a client that sends images and receives the answers. */
  public Replay replay() {
    return broker.client(settings, experts);
  }

  /** Returns the images again and again. */
  public static Iterator<LabelledImage> endless(List<LabelledImage> images) {
    return Stream.generate(images::stream).flatMap(all -> all).iterator();
  }

  /** Stops everything, last started first. */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("the local pipeline did not stop cleanly", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
