package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.CapacityPolicy;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.LatencyBudget;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.PolicyAlone;
import dev.vmoe.core.capacity.Samples;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ProportionalCapacityTest {

  private static Decision decide(long backlog) {
    CostModel cost = DemoModel.cost(1);
    LatencyBudget budget = new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));
    CapacityPolicy policy = new ProportionalCapacity(DemoModel.ladder(cost), budget);
    return new PolicyAlone(policy, cost)
        .decide(Samples.of(0, 1, 0, 0, 0, null, new Load(backlog, 100, 0)));
  }

  @Test
  void shouldFallFromTheBestPointToTheCheapest() {
    assertThat(decide(1).point()).isEqualTo(DemoModel.BEST);
    assertThat(decide(100_000).point()).isEqualTo(DemoModel.CHEAPEST);
    assertThat(decide(603).point()).isEqualTo(DemoModel.CHEAPEST); // 850 ms at 708 a second
    // half of it: slots a token between 2.1 and 0.1 fall to 1.1
    assertThat(decide(302).point()).isEqualTo(new OperatingPoint(0.5, 2));
    assertThat(decide(0).reason()).isEqualTo("in proportion to the backlog");
  }

  @Property(tries = 200)
  void shouldNeverGiveMoreForALongerBacklog(
      @ForAll @IntRange(max = 800) int backlog, @ForAll @IntRange(max = 800) int more) {
    OperatingPoint less = decide(backlog).point();
    OperatingPoint greater = decide((long) backlog + more).point();
    assertThat(greater.capacityRatio() * greater.expertsPerToken())
        .isLessThanOrEqualTo(less.capacityRatio() * less.expertsPerToken());
  }
}
