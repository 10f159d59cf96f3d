package dev.vmoe.core.capacity;

import dev.vmoe.core.moe.Routing;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The controller of an instance: learns from the run before, estimates the load, and asks a policy.
 *
 * <pre>
 * sample ─▶ CostModel, DelayTracker ─▶ LoadEstimator ─▶ Situation ─▶ CapacityPolicy ─▶ decision
 *              (learn)                  (estimate)                      (choose)
 * </pre>
 */
public final class LearningCapacity implements CapacityController {

  private final CostModel cost;
  private final CapacityPolicy policy;
  private final CapacityObserver observer;
  private final int fullBatch;

  /** Points that the policy may choose and whose cost is known; the most accurate one is last. */
  private final List<OperatingPoint> points;

  private final DelayTracker delays = new DelayTracker();
  private final LoadEstimator estimator = new LoadEstimator();
  private @Nullable Sample previous;

  /**
   * Creates a controller.
   *
   * @param cost cost of every point; learns from every run, and may be shared with controllers
   *     before and after this one
   * @param ladder the points that the policy chooses from
   * @param policy chooses
   * @param observer observes what is predicted and learnt
   */
  public LearningCapacity(
      CostModel cost, Ladder ladder, CapacityPolicy policy, CapacityObserver observer) {
    this(cost, ladder.rungs(), ladder.batchImages(), policy, observer);
  }

  private LearningCapacity(
      CostModel cost,
      List<OperatingPoint> points,
      int fullBatch,
      CapacityPolicy policy,
      CapacityObserver observer) {
    this.cost = cost;
    this.points = points.stream().filter(cost::knows).toList();
    this.fullBatch = fullBatch;
    this.policy = policy;
    this.observer = observer;
  }

  /** Returns a controller that follows the load within a latency budget. */
  public static LearningCapacity adaptive(
      CostModel cost, Ladder ladder, LatencyBudget budget, CapacityObserver observer) {
    return new LearningCapacity(cost, ladder, new AdaptiveCapacity(ladder, budget), observer);
  }

  /**
   * Returns a controller that stays at one point, and still learns.
   *
   * @param point any point, measured or not
   * @param fullBatch images of a full batch
   */
  public static LearningCapacity fixed(
      CostModel cost,
      OperatingPoint point,
      Routing routing,
      int fullBatch,
      CapacityObserver observer) {
    return new LearningCapacity(
        cost, List.of(point), fullBatch, new FixedCapacity(point, routing), observer);
  }

  @Override
  public Decision decide(Sample sample) {
    learn(sample);
    Load load = estimator.estimate(sample);
    Decision decision = policy.choose(new Situation(sample, load, cost, fullBatch));
    delays.waiting(sample.nowNanos(), load.backlogImages());
    observer.decided(bestPerSecond(), fastestPerSecond());
    return decision;
  }

  private void learn(Sample sample) {
    OptionalDouble predicted = cost.observe(sample, fullBatch);
    if (predicted.isPresent() && sample.lastRun() != null) {
      observer.runEnded(Math.round(1e9 * predicted.getAsDouble()), sample.lastRun().nanos());
    }
    Sample before = previous;
    previous = sample;
    if (before == null) {
      return;
    }
    estimator.follow(before, sample, fullBatch);
    delays
        .answered(
            sample.answeredNanos(before), sample.answeredImages(before) + sample.expiredImages())
        .ifPresent(observer::backlogAnswered);
    if (before.waitingImages() == 0 && sample.silenceNanos(before) > 0) {
      delays.nothingWaits();
    }
  }

  @Override
  public long fastestRunNanos(int images) {
    return Math.round(
        1e9 * points.stream().mapToDouble(at -> cost.runSeconds(at, images)).min().orElse(0));
  }

  private double bestPerSecond() {
    return points.isEmpty()
        ? Double.NaN
        : cost.imagesPerSecond(points.get(points.size() - 1), fullBatch);
  }

  private double fastestPerSecond() {
    return points.stream()
        .mapToDouble(point -> cost.imagesPerSecond(point, fullBatch))
        .max()
        .orElse(Double.NaN);
  }
}
