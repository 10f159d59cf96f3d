package dev.vmoe.demo;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.client.Replay;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.instance.ControllerFactory;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.metrics.Meters;
import dev.vmoe.metrics.PipelineMetrics;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.TopicPlan;
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

/** A broker, a registry and a pipeline between them, in one process and on loopback only. */
public final class LocalPipeline implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Settings settings;
  private final LocalBroker broker;
  private final Pipeline pipeline;

  private static final int WINDOW_BATCHES = 8;

  /** Starts everything with a pipeline that always runs at the same setting. */
  public LocalPipeline(
      RoutingSettings routing,
      int batch,
      BatchClassifier classifier,
      ImageDecoder decoder,
      Consumer<String> progress)
      throws InterruptedException {
    this(
        routing,
        batch,
        classifier,
        decoder,
        new FixedCapacity(
            new OperatingPoint(routing.capacityRatio(), routing.expertsPerToken()),
            routing.routing()),
        progress);
  }

  /**
   * Starts everything with a controller of one's own and waits until the pipeline reads.
   *
   * @param routing operating point and order in the settings
   * @param batch most images of a micro-batch
   * @param classifier stays the caller's to close, after this
   * @param controller chooses each batch's operating point
   * @param progress told what is being started
   */
  public LocalPipeline(
      RoutingSettings routing,
      int batch,
      BatchClassifier classifier,
      ImageDecoder decoder,
      CapacityController controller,
      Consumer<String> progress)
      throws InterruptedException {
    this(
        properties(routing, batch),
        TopicPlan.load(),
        classifier,
        decoder,
        (settings, metrics) -> live -> controller,
        new Meters(),
        progress);
  }

  /** Makes the controllers of a pipeline once its settings are known. */
  @FunctionalInterface
  public interface Controllers {
    ControllerFactory create(Settings settings, PipelineMetrics metrics);
  }

  /**
   * Starts everything and waits until the pipeline reads.
   *
   * @param properties settings beside the addresses
   * @param plan topics to create
   * @param classifier stays the caller's to close, after this
   * @param controllers choose each batch's operating point
   * @param meters closed with this
   * @param progress told what is being started
   */
  public LocalPipeline(
      Map<String, String> properties,
      TopicPlan plan,
      BatchClassifier classifier,
      ImageDecoder decoder,
      Controllers controllers,
      Meters meters,
      Consumer<String> progress)
      throws InterruptedException {
    try {
      opened(meters);
      progress.accept("starting a Kafka broker and a schema registry");
      broker = opened(new LocalBroker());
      settings = broker.settings(properties, plan);
      PipelineMetrics metrics = Pipeline.metrics(meters, classifier.card());
      ControllerFactory factory = controllers.create(settings, metrics);
      progress.accept("starting the pipeline");
      pipeline = opened(Pipeline.start(settings, classifier, decoder, factory, metrics));
      awaitRunning(pipeline);
    } catch (RuntimeException | InterruptedException e) {
      close();
      throw e;
    }
  }

  /**
   * Waits until a pipeline reads.
   *
   * @throws IllegalStateException if it does not in time
   */
  public static void awaitRunning(Pipeline pipeline) throws InterruptedException {
    if (!pipeline.awaitRunning(START_LIMIT)) {
      throw new IllegalStateException("the pipeline did not start within " + START_LIMIT);
    }
  }

  /** Returns the settings of a pipeline that runs at this setting. */
  public static Map<String, String> properties(RoutingSettings routing, int batch) {
    Map<String, String> properties = new HashMap<>();
    properties.put(Settings.CAPACITY_RATIO, Double.toString(routing.capacityRatio()));
    properties.put(Settings.EXPERTS_PER_TOKEN, Integer.toString(routing.expertsPerToken()));
    properties.put(Settings.ROUTING, routing.routing().label());
    properties.put(Settings.BATCH_MAX_IMAGES, Integer.toString(batch));
    return properties;
  }

  /** Returns the settings, addresses included. */
  public Settings settings() {
    return settings;
  }

  /** Returns a client of the registry, open as long as this. */
  public RegistryClient registry() {
    return broker.registry();
  }

  /** Returns the pipeline that runs. */
  Pipeline pipeline() {
    return pipeline;
  }

  /** Leaves it to the caller to close this when the JVM is told to stop. */
  void leaveToCaller() {
    broker.leaveToCaller();
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  /**
   * Sends images to the pipeline as a producer would and receives the answers as a client would.
   *
   * @param images sent again from the first where more are wanted
   * @param count images to send
   * @param perSecond images a second; 0 for as fast as they are answered
   * @param answered told how many are answered so far
   */
  public Replay.Outcome replay(
      List<LabelledImage> images, long count, double perSecond, LongConsumer answered)
      throws InterruptedException {
    return replay()
        .run(
            endless(images),
            new Replay.Load(count, perSecond, window(settings.getInt(Settings.BATCH_MAX_IMAGES))),
            answered);
  }

  /** Returns how many unanswered images keep batches of this size full while one is computed. */
  public static int window(int batch) {
    return WINDOW_BATCHES * batch;
  }

  /** Returns a client that sends images and receives the answers. */
  public Replay replay() {
    return broker.client(settings);
  }

  /** Returns the images over and over. */
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
