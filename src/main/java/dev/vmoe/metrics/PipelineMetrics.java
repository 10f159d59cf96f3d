package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The recorders of one instance. Takes primitives and strings, so that nothing of the pipeline is
 * known here; every meter exists from the start, so that the first event is seen as a rise.
 */
public final class PipelineMetrics {

  private final Meters meters;
  private final ImageMetrics images;
  private final BatchMetrics batches;
  private final ExpertMetrics experts;
  private final CapacityMetrics capacity;
  private final TraceMetrics traces;
  private final Counter threadFailures;
  private final Counter observerFailures;
  private final Map<Metric, Info> infos = new EnumMap<>(Metric.class);

  /** What is said of the instance now, until something else is. */
  private record Info(List<String> labelValues, Meter meter) {}

  /**
   * Creates the recorders of an instance whose model is not known yet; once for each {@code
   * meters}.
   *
   * @param flushReasons what can close a batch
   */
  public PipelineMetrics(Meters meters, List<String> flushReasons) {
    this(meters, List.of(), 0, flushReasons);
  }

  /**
   * Creates the recorders of an instance; once for each {@code meters}.
   *
   * @param blocks encoder blocks that are MoE layers, ascending; empty for a dense model
   * @param numExperts E
   * @param flushReasons what can close a batch
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
    batches = new BatchMetrics(meters, flushReasons);
    experts = new ExpertMetrics(meters);
    experts.serve(blocks, numExperts);
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

  /** Returns the recorder of batches. */
  public BatchMetrics batches() {
    return batches;
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
   * Says which model is served; one before is served no more.
   *
   * @param blocks encoder blocks that are MoE layers, ascending; empty for a dense model
   * @param numExperts E
   */
  public void model(String name, String weightsHash, List<Integer> blocks, int numExperts) {
    experts.serve(blocks, numExperts);
    info(Metric.MODEL, name, weightsHash);
  }

  /**
   * Says what the model runs on.
   *
   * @param device the device in use
   * @param asked what was asked for
   * @param runtime what runs it there, with its version
   */
  public void device(String device, String asked, String runtime) {
    info(Metric.DEVICE, device, asked, runtime);
  }

  private synchronized void info(Metric metric, String... labelValues) {
    Info before = infos.get(metric);
    List<String> values = List.of(labelValues);
    if (before != null && before.labelValues().equals(values)) {
      return;
    }
    infos.put(metric, new Info(values, meters.info(metric, labelValues)));
    if (before != null) {
      meters.remove(before.meter());
    }
  }

  /**
   * Says where to ask for the state of Kafka Streams, at each scrape.
   *
   * @param state the state now
   * @param states all that there are
   */
  public void streamsState(Supplier<String> state, List<String> states) {
    for (String each : states) {
      meters.gauge(Metric.STREAMS_STATE, () -> each.equals(state.get()) ? 1 : 0, each);
    }
  }

  /**
   * Says where to ask, at each scrape, whether the routing profile is followed; where none is kept,
   * nobody says so.
   */
  public void routingProfile(BooleanSupplier running) {
    meters.gauge(Metric.PROFILE_RUNNING, () -> running.getAsBoolean() ? 1 : 0);
  }

  /** What only watches the images failed. */
  public void observerFailed() {
    observerFailures.increment();
  }

  /** A stream thread failed. */
  public void threadFailed() {
    threadFailures.increment();
  }
}
