package dev.vmoe.metrics;

import io.micrometer.core.instrument.Counter;
import java.util.List;
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
    experts = new ExpertMetrics(meters, blocks, numExperts);
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

  /** Says which model is loaded. */
  public void model(String name, String weightsHash) {
    meters.info(Metric.MODEL, name, weightsHash);
  }

  /** Says what the model runs on, and what was asked for. */
  public void device(String device, String asked) {
    meters.info(Metric.DEVICE, device, asked);
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
