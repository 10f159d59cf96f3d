package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.CapacityObserver;
import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.DemoModel;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.core.capacity.LearningCapacity;
import org.junit.jupiter.api.Test;

class SwitchedCapacityTest {

  /** Else images would expire by the run times of the policy before. */
  @Test
  void shouldPredictAsTheControllerThatChooses() {
    CostModel cost = DemoModel.cost(1);
    LearningCapacity learning =
        LearningCapacity.fixed(
            cost, DemoModel.CHEAPEST, DemoModel.ROUTING, DemoModel.BATCH, CapacityObserver.NONE);
    SwitchedCapacity capacity =
        new SwitchedCapacity(new FixedCapacity(DemoModel.BEST, DemoModel.ROUTING));
    assertThat(capacity.fastestRunNanos(8)).isZero();

    capacity.use(learning);

    assertThat(capacity.fastestRunNanos(8))
        .isPositive()
        .isEqualTo(Math.round(1e9 * cost.runSeconds(DemoModel.CHEAPEST, 8)));
  }
}
