package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.CapacityController;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Shows the same traces to every policy, one after the other on one pipeline that has been waited
 * empty in between, and measures what the pipeline can answer before and after.
 */
public final class OverloadBench {

  /** Time past the range in a stretch of warming up, in seconds. */
  private static final double PAST_SECONDS = 4;

  /** Rounds of both rates; in turn, so that both see the machine's good and bad moments. */
  private static final int RATE_ROUNDS = 2;

  private static final Duration SETTLING = Duration.ofSeconds(2);

  private final SteeredPipeline pipeline;
  private final Policy full;
  private final Policy lowest;
  private final int window;
  private final Duration target;
  private final long seed;

  /**
   * Creates a benchmark.
   *
   * @param pipeline stays the caller's to close
   * @param full full quality, always
   * @param lowest the lowest useful point, always
   * @param window images that keep the pipeline busy: more than it answers in its latency
   * @param target latency within which an answer is in time
   */
  public OverloadBench(
      SteeredPipeline pipeline,
      Policy full,
      Policy lowest,
      int window,
      Duration target,
      long seed) {
    this.pipeline = pipeline;
    this.full = full;
    this.lowest = lowest;
    this.window = window;
    this.target = target;
    this.seed = seed;
  }

  /**
   * Measures what the pipeline answers when it is kept busy.
   *
   * @param measured time for each of the two rates
   */
  public Rates rates(Duration measured) throws InterruptedException {
    Duration round = measured.dividedBy(RATE_ROUNDS);
    double fullSum = 0;
    double lowestSum = 0;
    for (int i = 0; i < RATE_ROUNDS; i++) {
      fullSum += rate(full, round);
      lowestSum += rate(lowest, round);
    }
    return new Rates(fullSum / RATE_ROUNDS, lowestSum / RATE_ROUNDS);
  }

  private double rate(Policy policy, Duration measured) throws InterruptedException {
    return pipeline.saturate(policy.controller().get(), SETTLING, measured, window, seed);
  }

  /**
   * Works for a stretch as the policies will: at both points, and with deadlines past the range.
   *
   * @param stretch time at the two points
   * @param deadlines whether a policy has deadlines
   */
  public void warmUp(Duration stretch, boolean deadlines) throws InterruptedException {
    Rates rates = rates(stretch);
    if (deadlines) {
      ArrivalTrace past = LoadTraces.pastTheRange(rates, PAST_SECONDS, seed);
      pipeline.play(lowest.controller().get(), past, target, seed);
    }
  }

  /**
   * Shows every trace to every policy. The order of the policies moves on from trace to trace, so
   * that none of them always comes first.
   *
   * @param progress told before each the trace and the policy
   */
  public void run(
      List<ArrivalTrace> traces,
      List<Policy> policies,
      OverloadReport report,
      Consumer<String> progress)
      throws IOException, InterruptedException {
    for (int t = 0; t < traces.size(); t++) {
      ArrivalTrace trace = traces.get(t);
      List<Policy> turns = new ArrayList<>(policies);
      Collections.rotate(turns, -t);
      Map<Policy, TraceOutcome> outcomes = new HashMap<>();
      for (Policy policy : turns) {
        progress.accept(trace.name() + ", " + policy.name());
        outcomes.put(policy, play(trace, policy));
      }
      for (Policy policy : policies) {
        report.add(trace, policy.name(), Objects.requireNonNull(outcomes.get(policy)));
      }
    }
  }

  private TraceOutcome play(ArrivalTrace trace, Policy policy)
      throws IOException, InterruptedException {
    CapacityController controller = policy.controller().get();
    ArrivalTrace.Slowdown slowdown = trace.slowdown();
    Duration deadline = policy.deadlines() ? target : null;
    if (slowdown == null) {
      return pipeline.play(controller, trace, deadline, seed);
    }
    try (BusyProcess busy = BusyProcess.during(slowdown)) {
      TraceOutcome outcome = pipeline.play(controller, trace, deadline, seed);
      if (busy.isAlive()) {
        throw new IllegalStateException(
            "the process that slows the machine down did not end within the trace");
      }
      return outcome;
    }
  }
}
