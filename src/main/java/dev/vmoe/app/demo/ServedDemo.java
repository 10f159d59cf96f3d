package dev.vmoe.app.demo;

import dev.vmoe.app.client.Replay;
import dev.vmoe.app.console.Console;
import dev.vmoe.app.console.Listening;
import dev.vmoe.app.console.RunningInstance;
import dev.vmoe.app.console.RunningView;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.inference.RunLayout;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.LearnedControllers;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.metrics.Metric;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.CapacityMode;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * The demo that runs until it is stopped: a local pipeline with its live page, under a load that
 * rises and falls.
 */
public final class ServedDemo implements AutoCloseable {

  /** Bounds of the load, as a share of what the best operating point can answer. */
  private static final double LOW = 0.3;

  private static final double HIGH = 1.0;
  private static final Duration PERIOD = Duration.ofSeconds(90);

  /** Images a second until the first batch has run: what is attainable is not known before. */
  private static final double FIRST_RATE = 50;

  /** Never reached: images are sent when they are due, whether or not earlier ones are answered. */
  private static final int MAX_UNANSWERED = 1_000_000;

  /** The demo may run for days: a partition keeps at most two segments of this size. */
  private static final int SEGMENT_BYTES = 32 * 1024 * 1024;

  private final VmoeSession classifier;
  private final Meters meters = new Meters();
  private final Console console;
  private final LocalPipeline local;
  private final Replay replay;
  private final Progress progress;

  /**
   * Starts everything.
   *
   * @param classifier closed by the caller, after this
   * @param quality the model's quality profile; null if there is none
   * @param properties settings of the pipeline
   * @param port of the live page; 0 for any free one
   */
  public ServedDemo(
      VmoeSession classifier,
      @Nullable QualityProfile quality,
      Map<String, String> properties,
      int port,
      Progress progress)
      throws InterruptedException {
    this.classifier = classifier;
    this.progress = progress;
    Map<String, String> all = new HashMap<>(properties);
    all.put(Settings.CAPACITY_MODE, CapacityMode.ADAPTIVE.label());
    all.put(Settings.CONSOLE_CONFIG_WRITE, "true");
    RunningInstance instance = new RunningInstance();
    instance.loaded();
    meters.bindJvm();
    console = console(port, instance);
    LocalPipeline starting = null;
    try {
      starting =
          new LocalPipeline(
              all,
              bounded(TopicPlan.load()),
              classifier,
              ModelOpener.decoder(classifier.card()),
              (settings, metrics) -> controllers(settings, quality, metrics),
              meters,
              progress::say);
      starting.leaveToCaller();
      starting.pipeline().bindKafka(meters);
      instance.started(
          starting.pipeline(),
          new RunningView(starting.settings(), List.of(), starting.pipeline()));
    } catch (RuntimeException | InterruptedException e) {
      console.close();
      if (starting != null) {
        starting.close();
      }
      throw e;
    }
    local = starting;
    replay = local.replay();
  }

  private Console console(int port, RunningInstance instance) {
    try {
      return Console.start(Listening.at("127.0.0.1", port), meters, instance);
    } catch (IllegalArgumentException e) {
      meters.close();
      throw new IllegalArgumentException("--port: " + e.getMessage(), e);
    }
  }

  private static TopicPlan bounded(TopicPlan plan) {
    return new TopicPlan(plan.topics().stream().map(ServedDemo::bounded).toList());
  }

  private static TopicPlan.Topic bounded(TopicPlan.Topic topic) {
    Map<String, String> config = new HashMap<>(topic.config());
    if (TopicConfig.CLEANUP_POLICY_DELETE.equals(config.get(TopicConfig.CLEANUP_POLICY_CONFIG))
        && !topic.name().equals(TopicPlan.CONFIG)) {
      config.put(TopicConfig.SEGMENT_BYTES_CONFIG, Integer.toString(SEGMENT_BYTES));
      config.put(TopicConfig.RETENTION_BYTES_CONFIG, Integer.toString(SEGMENT_BYTES));
    }
    return new TopicPlan.Topic(topic.name(), topic.partitions(), topic.replicationFactor(), config);
  }

  private ControllerFactory controllers(
      Settings settings, @Nullable QualityProfile quality, PipelineMetrics metrics) {
    metrics.device(
        classifier.device().label(),
        settings.getString(Settings.DEVICE),
        classifier.runtime(),
        new RunLayout(classifier.parallelRuns(), classifier.threads()).toString());
    try (Progress.Bar bar = progress.bar("measuring cost, %", 100)) {
      return LearnedControllers.survey(settings, classifier, quality, metrics.capacity(), bar::at);
    }
  }

  /** Returns the address of the live page. */
  public String address() {
    return console.address();
  }

  /** Returns the settings of the pipeline. */
  public Settings settings() {
    return local.settings();
  }

  /**
   * Sends the bundled images until {@link #stop()} and returns once all are answered.
   *
   * @param perSecond images a second; 0 for a load that rises and falls
   */
  public DemoSummary run(double perSecond) throws IOException, InterruptedException {
    List<LabelledImage> set = BundledImages.all();
    progress.say("live page at " + address() + "; Ctrl-C stops and sums up");
    progress.say(
        "send your own images to Kafka at %s, schema registry at %s"
            .formatted(
                settings().getString(Settings.BOOTSTRAP_SERVERS),
                settings().getString(Settings.REGISTRY_URL)));
    DemoSummary.MemoryReadings memory = new DemoSummary.MemoryReadings();
    Replay.ReplayLoad load = new Replay.ReplayLoad(Long.MAX_VALUE, perSecond, MAX_UNANSWERED);
    Replay.ReplayOutcome outcome =
        perSecond > 0
            ? replay.run(LocalPipeline.endless(set), load, memory::at)
            : replay.run(
                LocalPipeline.endless(set),
                load,
                new Swell(this::attainable, LOW, HIGH, PERIOD),
                memory::at);
    memory.end();
    progress.say("stopping");
    return new DemoSummary(outcome.sent(), classifier.card(), null, outcome, memory);
  }

  private double attainable() {
    double best = meters.read().value(Metric.ATTAINABLE, "best");
    return best > 0 ? best : FIRST_RATE;
  }

  /** Stops sending; may be called by any thread. */
  public void stop() {
    replay.stop();
  }

  @Override
  public void close() {
    console.close();
    local.close();
  }
}
