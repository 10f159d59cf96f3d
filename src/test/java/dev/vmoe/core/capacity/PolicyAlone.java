package dev.vmoe.core.capacity;

/** A controller that asks a policy and learns nothing: the cost stays as surveyed. */
public final class PolicyAlone implements CapacityController {

  private final CapacityPolicy policy;
  private final CostModel cost;
  private final LoadEstimator estimator = new LoadEstimator();
  private Sample previous;

  public PolicyAlone(CapacityPolicy policy, CostModel cost) {
    this.policy = policy;
    this.cost = cost;
  }

  @Override
  public Decision decide(Sample sample) {
    Sample before = previous;
    previous = sample;
    if (before != null) {
      estimator.follow(before, sample, DemoModel.BATCH);
    }
    Load load = estimator.estimate(sample);
    return policy.choose(new Situation(sample, load, cost, DemoModel.BATCH));
  }
}
