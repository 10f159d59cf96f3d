package dev.vmoe.lab.overload;

import dev.vmoe.lab.sweep.Columns;
import dev.vmoe.streams.output.Table;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The results of one run of the benchmark, side by side. */
public final class OverloadReport {

  /**
   * What one policy did on one trace.
   *
   * @param metrics figures over the whole trace
   * @param recovery how it came through its largest backlog; null if it had none
   * @param slowdown how it came through a slow-down of the machine; null if there was none
   * @param timeline second by second
   * @param byModel share of the answers by the name of the model; empty for one model, and of a
   *     bound
   */
  public record PolicyResult(
      PolicyMetrics metrics,
      @Nullable Recovery recovery,
      @Nullable SlowdownOutcome slowdown,
      List<Timeline.Second> timeline,
      Map<String, Double> byModel) {}

  private final Quality quality;
  private final Rates rates;
  private final double targetSeconds;
  private final List<String> models;
  private final Map<String, Map<String, PolicyResult>> traces = new LinkedHashMap<>();

  /** Creates an empty report about one model. */
  public OverloadReport(Quality quality, Rates rates, double targetSeconds) {
    this(quality, rates, targetSeconds, List.of());
  }

  /**
   * Creates an empty report.
   *
   * @param quality how accurate the points are
   * @param rates rates that the traces were made from
   * @param targetSeconds latency within which an image is answered in time
   * @param models names of the models beside each other, by index; empty for one alone
   */
  public OverloadReport(Quality quality, Rates rates, double targetSeconds, List<String> models) {
    this.quality = quality;
    this.rates = rates;
    this.targetSeconds = targetSeconds;
    this.models = List.copyOf(models);
  }

  /** Adds what a policy did on a trace. */
  public void add(ArrivalTrace trace, String policy, TraceOutcome outcome) {
    ArrivalTrace.Slowdown slowdown = trace.slowdown();
    traces
        .computeIfAbsent(trace.name(), name -> new LinkedHashMap<>())
        .put(
            policy,
            new PolicyResult(
                PolicyMetrics.of(outcome, targetSeconds),
                Recovery.of(outcome, rates.full() * targetSeconds, quality),
                slowdown == null
                    ? null
                    : SlowdownOutcome.of(outcome, slowdown, targetSeconds, quality),
                Timeline.of(outcome),
                OverloadPolicies.isComputed(policy) ? Map.of() : byModel(outcome)));
  }

  private Map<String, Double> byModel(TraceOutcome outcome) {
    Map<String, Double> shares = new LinkedHashMap<>();
    for (int i = 0; i < models.size(); i++) {
      shares.put(models.get(i), outcome.shareOf(i));
    }
    return shares;
  }

  /** Returns the results by trace and policy, in the order in which they were added. */
  public Map<String, Map<String, PolicyResult>> traces() {
    return traces;
  }

  /** Returns the figures of a trace: one row a policy, for people. */
  public Table table(String trace) {
    return new Columns<TraceResult>()
        .add("policy", TraceResult::policy)
        .addShare("violations", 2, of(PolicyMetrics::sloViolationRatio))
        .addShare("late of answered", 2, of(PolicyMetrics::lateShareOfAnswered))
        .addShare("effective accuracy", 2, of(PolicyMetrics::effectiveAccuracy))
        .addShare("accuracy over all", 2, of(PolicyMetrics::accuracyAll))
        .add("p50 ms", 0, of(PolicyMetrics::p50Ms))
        .add("p99 ms", 0, of(PolicyMetrics::p99Ms))
        .add("mean ratio", 3, of(PolicyMetrics::meanCapacityRatio))
        .add("mean K", 2, of(PolicyMetrics::meanExpertsPerToken))
        .add("lost", row -> row.result.metrics().lost())
        .add("expired", row -> row.result.metrics().expired())
        .add("peak waiting", 0, ofRecovery(it -> (double) it.peakImages()))
        .add("drained/s", 0, ofRecovery(Recovery::drainImagesPerSecond))
        .add("recovered after s", 1, ofRecovery(Recovery::secondsToRecover))
        .table(rows().filter(row -> row.trace.equals(trace)).toList());
  }

  private record TraceResult(String trace, String policy, PolicyResult result) {}

  private Stream<TraceResult> rows() {
    return traces.entrySet().stream()
        .flatMap(
            trace ->
                trace.getValue().entrySet().stream()
                    .map(it -> new TraceResult(trace.getKey(), it.getKey(), it.getValue())));
  }

  private static Function<TraceResult, @Nullable Double> of(
      Function<PolicyMetrics, Double> figure) {
    return row -> figure.apply(row.result.metrics());
  }

  private static Function<TraceResult, @Nullable Double> ofRecovery(
      Function<Recovery, @Nullable Double> figure) {
    return row -> row.result.recovery() == null ? null : figure.apply(row.result.recovery());
  }

  /** Returns the results of a trace by policy; empty for one that was not added. */
  public Map<String, PolicyResult> results(String trace) {
    return traces.getOrDefault(trace, Map.of());
  }

  /**
   * Returns what a policy did after the largest backlog, in a sentence: images lost, the rate at
   * which the backlog went down beside the lowest point's, and when quality was back.
   */
  public String recovery(String trace, String policy) {
    PolicyResult result = results(trace).get(policy);
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
    return new Columns<TraceResult>()
        .add("trace", TraceResult::trace)
        .add("policy", TraceResult::policy)
        .add("images", row -> row.result.metrics().images())
        .add("lost", row -> row.result.metrics().lost())
        .add("expired", row -> row.result.metrics().expired())
        .add("slo_violation_ratio", 6, of(PolicyMetrics::sloViolationRatio))
        .add("late_share_of_answered", 6, of(PolicyMetrics::lateShareOfAnswered))
        .add(
            "sustained_images_per_second",
            1,
            row -> Timeline.sustainedPerSecond(row.result.timeline()))
        .add("effective_accuracy", 6, of(PolicyMetrics::effectiveAccuracy))
        .add("accuracy_all", 6, of(PolicyMetrics::accuracyAll))
        .add("accuracy_in_time", 6, of(PolicyMetrics::accuracyInTime))
        .add("p50_ms", 2, of(PolicyMetrics::p50Ms))
        .add("p99_ms", 2, of(PolicyMetrics::p99Ms))
        .add("mean_capacity_ratio", 4, of(PolicyMetrics::meanCapacityRatio))
        .add("mean_experts_per_token", 3, of(PolicyMetrics::meanExpertsPerToken))
        .add("peak_backlog_images", 0, ofRecovery(it -> (double) it.peakImages()))
        .add("drain_images_per_second", 1, ofRecovery(Recovery::drainImagesPerSecond))
        .add("seconds_to_recover", 3, ofRecovery(Recovery::secondsToRecover))
        .add("late_for_seconds", 3, ofSlowdown(SlowdownOutcome::lateForSeconds))
        .add("seconds_to_return", 3, ofSlowdown(SlowdownOutcome::secondsToReturn))
        .table(rows().toList());
  }

  private static Function<TraceResult, @Nullable Double> ofSlowdown(
      Function<SlowdownOutcome, @Nullable Double> figure) {
    return row -> row.result.slowdown() == null ? null : figure.apply(row.result.slowdown());
  }

  private record PolicySecond(String policy, Timeline.Second second) {}

  /** Returns every second of every policy on a trace; empty cells where nothing was answered. */
  public Table timeline(String trace) {
    return new Columns<PolicySecond>()
        .add("policy", PolicySecond::policy)
        .add("second", row -> row.second.second())
        .add("arrivals", row -> row.second.arrivals())
        .add("answered", row -> row.second.answered())
        .add("backlog_images", row -> row.second.backlogImages())
        .add("capacity_ratio", 4, row -> row.second.capacityRatio())
        .add("slots_per_token", 4, row -> row.second.slotsPerToken())
        .add("p50_ms", 2, row -> row.second.p50Ms())
        .add("p99_ms", 2, row -> row.second.p99Ms())
        .table(
            rows()
                .filter(row -> row.trace.equals(trace))
                .flatMap(
                    row ->
                        row.result.timeline().stream()
                            .map(second -> new PolicySecond(row.policy, second)))
                .toList());
  }
}
