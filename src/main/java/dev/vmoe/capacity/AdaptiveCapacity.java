package dev.vmoe.capacity;

/** Set-point. */
public final class AdaptiveCapacity implements CapacityPolicy {

  private static final double SHARE = Double.parseDouble(System.getProperty("a.s", "0.85"));
  private static final double HORIZON = Double.parseDouble(System.getProperty("a.h", "2"));
  private static final double CAP = Double.parseDouble(System.getProperty("a.cap", "0.7"));
  private static final double SLOPE = Double.parseDouble(System.getProperty("a.lo", "0.8"));
  private static final double OLDEST = Double.parseDouble(System.getProperty("a.o", "0.9"));

  private final Ladder ladder;
  private final double budget;

  /** Creates a policy. */
  public AdaptiveCapacity(Ladder ladder, LatencyBudget budget) {
    this.ladder = ladder;
    this.budget = budget.seconds();
  }

  @Override
  public Decision choose(Situation now) {
    double top = 1 / now.imagesPerSecond(ladder.rung(ladder.top()));
    double low = 1 / now.imagesPerSecond(ladder.rung(0)) - 1e-9;
    for (int rung = ladder.top(); rung >= 0; rung--) {
      OperatingPoint point = ladder.rung(rung);
      double run = now.cost().runSeconds(point, now.sample().batchImages());
      double each = 1 / now.imagesPerSecond(point);
      double clear = run + now.imagesBehind() * each;
      double drift = (now.load().arrivalsPerSecond() * each - 1) * HORIZON;
      double given = (top - each) / (top - low);
      if (now.imagesBehind() * top + drift <= (SHARE + (SLOPE - SHARE) * given) * (budget - run) && clear <= CAP * budget && now.sample().oldestAgeNanos() / 1e9 + run <= OLDEST * budget) {
        return now.decision(point, ladder.routing(), rung == ladder.top() ? "best" : "holds");
      }
    }
    return now.decision(ladder.rung(0), ladder.routing(), "overloaded");
  }
}
