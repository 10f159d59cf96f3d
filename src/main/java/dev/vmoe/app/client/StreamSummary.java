package dev.vmoe.app.client;

import dev.vmoe.event.ExpertUtilization;
import dev.vmoe.event.LayerUtilization;
import dev.vmoe.event.Prediction;
import dev.vmoe.streams.output.Table;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * What a client of the pipeline saw: counted from predictions, dead letters and utilization events
 * as they arrive, and from nothing else.
 *
 * <p>Not safe for use by several threads.
 */
public final class StreamSummary {

  private final Histogram latencyMillis = new Histogram(3_600_000, 3);
  private final Map<String, Integer> flushReasons = new TreeMap<>();

  /** Answers still expected of batches that have begun to arrive; bounded. */
  private final Map<String, Integer> openBatches = new HashMap<>();

  private long batches;
  private long batchImages;
  private int largestBatch;
  private final Map<Integer, BitSet> answeredOffsets = new HashMap<>();
  private final List<LayerTotals> layers = new ArrayList<>();
  private long predictions;
  private long duplicates;
  private long deadLetters;
  private long labelled;
  private long correct;
  private long utilizationEvents;
  private long utilizationImages;
  private double slots;
  private double effectiveCapacityRatioSum;

  /** Sums over the events, of one MoE layer; each array has one entry an expert. */
  private static final class LayerTotals {
    final int block;
    final long[] assigned;
    final long[] dispatched;

    LayerTotals(LayerUtilization layer) {
      this.block = layer.getBlock();
      this.assigned = new long[layer.getAssigned().size()];
      this.dispatched = new long[layer.getDispatched().size()];
    }

    void add(LayerUtilization layer) {
      for (int e = 0; e < assigned.length; e++) {
        assigned[e] += layer.getAssigned().get(e);
        dispatched[e] += layer.getDispatched().get(e);
      }
    }
  }

  /** Quantiles in milliseconds. */
  public record Latency(double p50, double p90, double p99, double max) {}

  /** Images a micro-batch. */
  public record BatchSize(double mean, int max) {}

  /**
   * The summary as values.
   *
   * @param predictions answers received, duplicates not counted
   * @param duplicates answers received again for an image already answered: 0 unless delivery broke
   * @param deadLetters images given back with a reason
   * @param accuracy correct / labelled answers
   * @param latencyMs from the producer's timestamp to the client's receipt
   * @param batchSize images a micro-batch
   * @param flushReasons micro-batches by flush reason
   * @param effectiveCapacityRatio mean over predictions
   * @param utilizationEvents utilization events received
   * @param utilizationImages images these speak for: equal to predictions once all has arrived
   * @param blocks encoder block of each MoE layer
   * @param assigned (L, E) choices before capacity
   * @param dispatched (L, E) choices that found a slot
   * @param utilization (L, E) dispatched / slots
   */
  public record Result(
      long predictions,
      long duplicates,
      long deadLetters,
      double accuracy,
      Latency latencyMs,
      BatchSize batchSize,
      Map<String, Integer> flushReasons,
      double effectiveCapacityRatio,
      long utilizationEvents,
      long utilizationImages,
      List<Integer> blocks,
      List<List<Long>> assigned,
      List<List<Long>> dispatched,
      List<List<Double>> utilization) {

    /** Returns whether each of so many images has exactly one answer. */
    public boolean answered(long images) {
      return duplicates == 0 && predictions + deadLetters == images;
    }

    /**
     * Returns whether each of so many images has exactly one answer and, of a model with experts,
     * one part in an event.
     */
    public boolean complete(long images) {
      return answered(images)
          && utilizationImages == predictions
          && IntStream.range(0, assigned.size())
              .allMatch(layer -> sum(dispatched.get(layer)) <= sum(assigned.get(layer)));
    }
  }

  /**
   * Counts a prediction.
   *
   * @param latency from the producer's timestamp to now, in milliseconds
   */
  public void add(Prediction prediction, long latency) {
    if (answeredBefore(prediction.getSourcePartition(), prediction.getSourceOffset())) {
      duplicates++;
      return;
    }
    predictions++;
    latencyMillis.recordValue(Math.min(Math.max(0, latency), 3_600_000));
    effectiveCapacityRatioSum += prediction.getEffectiveCapacityRatio();
    addToBatch(prediction.getBatchId(), prediction.getBatchSize(), prediction.getFlushReason());
    String label = prediction.getLabel();
    if (label != null) {
      labelled++;
      correct += prediction.getTop().get(0).getLabel().equals(label) ? 1 : 0;
    }
  }

  private void addToBatch(String id, int size, String flushReason) {
    Integer left = openBatches.remove(id);
    if (left == null) {
      batches++;
      batchImages += size;
      largestBatch = Math.max(largestBatch, size);
      flushReasons.merge(flushReason, 1, Integer::sum);
      left = size;
    }
    if (left > 1) {
      openBatches.put(id, left - 1);
    }
  }

  /** Counts a dead letter of the image at a source position. */
  public void addDeadLetter(int partition, long offset) {
    if (answeredBefore(partition, offset)) {
      duplicates++;
    } else {
      deadLetters++;
    }
  }

  /** Notes that an image was answered; returns whether it had been already. */
  private boolean answeredBefore(int partition, long offset) {
    BitSet answered = answeredOffsets.computeIfAbsent(partition, p -> new BitSet());
    int bit = Math.toIntExact(offset);
    boolean before = answered.get(bit);
    answered.set(bit);
    return before;
  }

  /** Counts a utilization event. */
  public void add(ExpertUtilization event) {
    utilizationEvents++;
    utilizationImages += event.getImages();
    slots += event.getSlots();
    for (int i = 0; i < event.getLayers().size(); i++) {
      LayerUtilization layer = event.getLayers().get(i);
      if (i == layers.size()) {
        layers.add(new LayerTotals(layer));
      }
      layers.get(i).add(layer);
    }
  }

  /** Returns the predictions so far, duplicates not counted. */
  public long predictions() {
    return predictions;
  }

  /** Returns the dead letters so far. */
  public long deadLetters() {
    return deadLetters;
  }

  /** Returns the images that utilization events have spoken for so far. */
  public long utilizationImages() {
    return utilizationImages;
  }

  /** Returns the accuracy so far; NaN before the first labelled answer. */
  public double accuracy() {
    return (double) correct / labelled;
  }

  /** Returns the summary so far. */
  public Result result() {
    return new Result(
        predictions,
        duplicates,
        deadLetters,
        accuracy(),
        new Latency(
            latencyMillis.getValueAtPercentile(50),
            latencyMillis.getValueAtPercentile(90),
            latencyMillis.getValueAtPercentile(99),
            latencyMillis.getMaxValue()),
        new BatchSize(batches == 0 ? 0 : (double) batchImages / batches, largestBatch),
        new TreeMap<>(flushReasons),
        effectiveCapacityRatioSum / predictions,
        utilizationEvents,
        utilizationImages,
        layers.stream().map(layer -> layer.block).toList(),
        layers.stream().map(layer -> boxed(layer.assigned)).toList(),
        layers.stream().map(layer -> boxed(layer.dispatched)).toList(),
        layers.stream().map(layer -> shares(layer.dispatched)).toList());
  }

  private static List<Long> boxed(long[] counts) {
    List<Long> boxed = new ArrayList<>(counts.length);
    for (long count : counts) {
      boxed.add(count);
    }
    return boxed;
  }

  private List<Double> shares(long[] dispatched) {
    List<Double> shares = new ArrayList<>(dispatched.length);
    for (long count : dispatched) {
      shares.add(slots == 0 ? 0 : count / slots);
    }
    return shares;
  }

  /**
   * Returns a table of experts: a row a layer, utilization of each expert, and what was dropped.
   */
  public static String expertTable(Result result) {
    if (result.blocks().isEmpty()) {
      return "dense model: no experts" + System.lineSeparator();
    }
    int experts = result.assigned().get(0).size();
    String[] columns = new String[experts + 2];
    columns[0] = "block";
    for (int e = 0; e < experts; e++) {
      columns[e + 1] = "e" + e;
    }
    columns[experts + 1] = "dropped";
    Table table = new Table(columns);
    for (int l = 0; l < result.blocks().size(); l++) {
      Object[] row = new Object[experts + 2];
      row[0] = result.blocks().get(l);
      for (int e = 0; e < experts; e++) {
        row[e + 1] = percent(result.utilization().get(l).get(e));
      }
      long assigned = sum(result.assigned().get(l));
      long dispatched = sum(result.dispatched().get(l));
      row[experts + 1] = percent((assigned - dispatched) / (double) assigned);
      table.add(row);
    }
    return table.toText();
  }

  private static long sum(List<Long> counts) {
    return counts.stream().mapToLong(Long::longValue).sum();
  }

  private static String percent(double share) {
    return Table.decimals(100 * share, 1) + "%";
  }
}
