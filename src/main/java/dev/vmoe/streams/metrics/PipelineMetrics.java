package dev.vmoe.streams.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The recorders of one instance. They take primitives and strings, so that this package depends on
 * no other. Every meter exists from the start, so that the first event shows as an increase.
 */
public final class PipelineMetrics {

  private final Meters meters;
  private final ImageMetrics images;
  private final ExpertMetrics experts;
  private final CapacityMetrics capacity;
  private final TraceMetrics traces;
  private final ReasonCounter batches;
  private final DistributionDataPoint linger;
  private final DistributionDataPoint batchSize;
  private final DistributionDataPoint inference;
  private final GaugeValue processed;
  private final Counter threadFailures;
  private final Counter observerFailures;
  private final Map<Metric, List<InfoMeter>> infos = new EnumMap<>(Metric.class);

  /** A current fact of an information metric. */
  private record InfoMeter(List<String> labelValues, Meter meter) {}

  /**
   * A served model.
   *
   * @param weightsHash hash of its weights
   * @param blocks encoder blocks that are MoE layers, ascending; empty for a dense model
   * @param numExperts E
   */
  public record MeteredModel(
      String name, String weightsHash, List<Integer> blocks, int numExperts) {}

  /**
   * Creates the recorders of an instance before its model is known; once for each {@code meters}.
   *
   * @param flushReasons all reasons to close a batch
   */
  public PipelineMetrics(Meters meters, List<String> flushReasons) {
    this(meters, List.of(), 0, flushReasons);
  }

  /**
   * Creates the recorders of an instance; once for each {@code meters}.
   *
   * @param blocks encoder blocks that are MoE layers, ascending; empty for a dense model
   * @param numExperts E
   * @param flushReasons all reasons to close a batch
   */
  public PipelineMetrics(
      Meters meters, List<Integer> blocks, int numExperts, List<String> flushReasons) {
    this(meters, blocks, numExperts, flushReasons, System::nanoTime);
  }

  PipelineMetrics(
      Meters meters,
      List<Integer> blocks,
      int numExperts,
      List<String> flushReasons,
      LongSupplier nanoClock) {
    this.meters = meters;
    batches = new ReasonCounter(meters, Metric.BATCHES);
    flushReasons.forEach(batches::counter);
    linger = meters.histogram(Metric.BATCH_LINGER);
    batchSize = meters.histogram(Metric.BATCH_SIZE);
    inference = meters.histogram(Metric.BATCH_INFERENCE);
    processed = meters.level(Metric.BATCH_PROCESSED);
    experts = new ExpertMetrics(meters);
    experts.serve(List.of(new MeteredModel("", "", blocks, numExperts)));
    capacity = new CapacityMetrics(meters, nanoClock);
    images = new ImageMetrics(meters, capacity::latencyTargetSeconds);
    traces = new TraceMetrics(meters);
    threadFailures = meters.counter(Metric.THREAD_FAILURES);
    observerFailures = meters.counter(Metric.OBSERVER_FAILURES);
  }

  /** Returns the recorder of images. */
  public ImageMetrics images() {
    return images;
  }

  /** Returns the recorder of experts. */
  public ExpertMetrics experts() {
    return experts;
  }

  /** Returns the recorder of capacity control. */
  public CapacityMetrics capacity() {
    return capacity;
  }

  /** Returns the recorder of traces. */
  public TraceMetrics traces() {
    return traces;
  }

  /**
   * Records which model is served, in place of the one before.
   *
   * @param blocks encoder blocks that are MoE layers, ascending; empty for a dense model
   * @param numExperts E
   */
  public void model(String name, String weightsHash, List<Integer> blocks, int numExperts) {
    models(List.of(new MeteredModel(name, weightsHash, blocks, numExperts)));
  }

  /** Records which models are served beside each other, in place of those before. */
  public void models(List<MeteredModel> models) {
    experts.serve(models);
    images.serve(models.stream().map(MeteredModel::name).toList());
    info(Metric.MODEL, models.stream().map(it -> List.of(it.name(), it.weightsHash())).toList());
  }

  /**
   * Records the device that the model runs on.
   *
   * @param device the device in use
   * @param asked the device in the settings
   * @param runtime name and version of the runtime
   * @param runs how many batches run at once, on how many threads each
   */
  public void device(String device, String asked, String runtime, String runs) {
    info(Metric.DEVICE, List.of(List.of(device, asked, runtime, runs)));
  }

  /** Replaces the facts of a metric; one that stays true is not touched. */
  private synchronized void info(Metric metric, List<List<String>> facts) {
    List<InfoMeter> before = infos.getOrDefault(metric, List.of());
    List<InfoMeter> now = new ArrayList<>();
    for (List<String> fact : facts) {
      now.add(
          before.stream()
              .filter(it -> it.labelValues().equals(fact))
              .findFirst()
              .orElseGet(
                  () -> new InfoMeter(fact, meters.info(metric, fact.toArray(String[]::new)))));
    }
    infos.put(metric, now);
    before.stream().filter(it -> !now.contains(it)).forEach(it -> meters.remove(it.meter()));
  }

  /**
   * Sets the supplier of Kafka Streams' state; asked at each scrape.
   *
   * @param state supplies the current state
   * @param states all possible states
   */
  public void streamsState(Supplier<String> state, List<String> states) {
    for (String each : states) {
      meters.gauge(Metric.STREAMS_STATE, () -> each.equals(state.get()) ? 1 : 0, each);
    }
  }

  /** Sets the supplier of a gauge without labels; asked at each scrape. */
  public void gauge(Metric metric, LongSupplier value) {
    meters.gauge(metric, value::getAsLong);
  }

  /**
   * Counts a finished batch, even one without a decodable image; called by one thread.
   *
   * @param flushReason why it was closed
   * @param lingerNanos from its first image to its closing, in nanoseconds
   */
  public void batchFinished(String flushReason, long lingerNanos) {
    batches.increment(flushReason);
    linger.observe(Unit.nanosToSeconds(lingerNanos));
  }

  /**
   * Records a run of the model; called by one thread.
   *
   * @param images images of the batch
   * @param inferenceNanos time of the run, in nanoseconds
   * @param processedShare share of the token choices that found a slot, 0 to 1
   */
  public void batchRan(int images, long inferenceNanos, double processedShare) {
    batchSize.observe(images);
    inference.observe(Unit.nanosToSeconds(inferenceNanos));
    processed.set(processedShare);
  }

  /** Counts a failure of an observer: metrics, spans or the live page. */
  public void observerFailed() {
    observerFailures.increment();
  }

  /** Counts a failed stream thread. */
  public void threadFailed() {
    threadFailures.increment();
  }
}
