package dev.vmoe.lab.overload;

import dev.vmoe.output.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The results of one run of the benchmark, side by side. */
public final class OverloadReport {

  /**
   * What one policy did on one trace.
   *
   * @param metrics figures over the whole trace
   * @param recovery how it came through its largest backlog; null if it had none
   * @param timeline second by second
   */
  public record Result(
      PolicyMetrics metrics, @Nullable Recovery recovery, List<Timeline.Second> timeline) {}

  private final Quality quality;
  private final Rates rates;
  private final double targetSeconds;
  private final Map<String, Map<String, Result>> traces = new LinkedHashMap<>();

  /**
   * Creates an empty report.
   *
   * @param quality how accurate the points are
   * @param rates rates that the traces were made from
   * @param targetSeconds latency within which an image is answered in time
   */
  public OverloadReport(Quality quality, Rates rates, double targetSeconds) {
    this.quality = quality;
    this.rates = rates;
    this.targetSeconds = targetSeconds;
  }

  /** Adds what a policy did on a trace. */
  public void add(String trace, String policy, TraceOutcome outcome) {
    traces
        .computeIfAbsent(trace, name -> new LinkedHashMap<>())
        .put(
            policy,
            new Result(
                PolicyMetrics.of(outcome, targetSeconds),
                Recovery.of(outcome, rates.full() * targetSeconds, quality),
                Timeline.of(outcome)));
  }

  /** Returns the results by trace and policy, in the order in which they were added. */
  public Map<String, Map<String, Result>> traces() {
    return traces;
  }

  /** Returns the figures of a trace: one row a policy, for people. */
  public Table table(String trace) {
    Table table =
        new Table(
            "policy",
            "violations",
            "effective accuracy",
            "accuracy over all",
            "p50 ms",
            "p99 ms",
            "mean ratio",
            "mean K",
            "lost",
            "most waiting",
            "drained/s",
            "recovered after s");
    results(trace)
        .forEach(
            (policy, result) -> {
              PolicyMetrics metrics = result.metrics();
              Recovery recovery = result.recovery();
              table.add(
                  policy,
                  percent(metrics.sloViolationRatio()),
                  percent(metrics.effectiveAccuracy()),
                  percent(metrics.accuracyAll()),
                  Table.decimals(metrics.p50Ms(), 0),
                  Table.decimals(metrics.p99Ms(), 0),
                  Table.decimals(metrics.meanCapacityRatio(), 3),
                  Table.decimals(metrics.meanExpertsPerToken(), 2),
                  metrics.lost(),
                  recovery == null ? "" : recovery.peakImages(),
                  recovery == null ? "" : decimals(recovery.drainImagesPerSecond(), 0),
                  recovery == null ? "" : decimals(recovery.secondsToRecover(), 1));
            });
    return table;
  }

  /** Returns the results of a trace by policy; empty for one that was not added. */
  public Map<String, Result> results(String trace) {
    return traces.getOrDefault(trace, Map.of());
  }

  /**
   * Returns what a policy did after the largest backlog, in a sentence: images lost, the rate at
   * which the backlog went down beside the lowest point's, and when quality was back.
   */
  public String recovery(String trace, String policy) {
    Result result = results(trace).get(policy);
    if (result == null) {
      throw new IllegalArgumentException(policy + " was not measured on trace " + trace);
    }
    Recovery recovery = result.recovery();
    String start = policy + ": " + result.metrics().lost() + " lost; ";
    if (recovery == null) {
      return start + "no backlog";
    }
    String peak = recovery.peakImages() + " waited at most; ";
    if (recovery.endSeconds() == null) {
      return start + peak + "the backlog did not end";
    }
    Double drain = recovery.drainImagesPerSecond();
    return start
        + peak
        + (drain == null
            ? "gone within a second; "
            : String.format(
                Locale.ROOT,
                "drained at %.0f images/s, %.2f of the lowest point's %.0f; ",
                drain,
                drain / rates.lowest(),
                rates.lowest()))
        + (recovery.secondsToRecover() == null
            ? "full quality did not come back"
            : "full quality back "
                + Table.decimals(recovery.secondsToRecover(), 1)
                + " s after the backlog's end");
  }

  /** Returns all figures of all traces: one row for each trace and policy, for machines. */
  public Table summary() {
    Table table =
        new Table(
            "trace",
            "policy",
            "images",
            "lost",
            "slo_violation_ratio",
            "effective_accuracy",
            "accuracy_all",
            "accuracy_in_time",
            "p50_ms",
            "p99_ms",
            "mean_capacity_ratio",
            "mean_experts_per_token",
            "peak_backlog_images",
            "drain_images_per_second",
            "seconds_to_recover");
    traces.forEach(
        (trace, results) ->
            results.forEach(
                (policy, result) -> {
                  PolicyMetrics metrics = result.metrics();
                  Recovery recovery = result.recovery();
                  table.add(
                      trace,
                      policy,
                      metrics.images(),
                      metrics.lost(),
                      Table.decimals(metrics.sloViolationRatio(), 6),
                      Table.decimals(metrics.effectiveAccuracy(), 6),
                      Table.decimals(metrics.accuracyAll(), 6),
                      Table.decimals(metrics.accuracyInTime(), 6),
                      Table.decimals(metrics.p50Ms(), 2),
                      Table.decimals(metrics.p99Ms(), 2),
                      Table.decimals(metrics.meanCapacityRatio(), 4),
                      Table.decimals(metrics.meanExpertsPerToken(), 3),
                      recovery == null ? null : recovery.peakImages(),
                      recovery == null ? null : decimals(recovery.drainImagesPerSecond(), 1),
                      recovery == null ? null : decimals(recovery.secondsToRecover(), 3));
                }));
    return table;
  }

  /** Returns every second of every policy on a trace; nothing where nothing was answered. */
  public Table timeline(String trace) {
    Table table =
        new Table(
            "policy",
            "second",
            "arrivals",
            "answered",
            "backlog_images",
            "capacity_ratio",
            "slots_per_token",
            "p50_ms",
            "p99_ms");
    results(trace)
        .forEach(
            (policy, result) ->
                result
                    .timeline()
                    .forEach(
                        second ->
                            table.add(
                                policy,
                                second.second(),
                                second.arrivals(),
                                second.answered(),
                                second.backlogImages(),
                                decimals(second.capacityRatio(), 4),
                                decimals(second.slotsPerToken(), 4),
                                decimals(second.p50Ms(), 2),
                                decimals(second.p99Ms(), 2))));
    return table;
  }

  private static String percent(double share) {
    return Table.decimals(100 * share, 2) + "%";
  }

  private static @Nullable String decimals(@Nullable Double value, int digits) {
    return value == null || value.isNaN() ? null : Table.decimals(value, digits);
  }
}
