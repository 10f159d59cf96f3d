package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LatencyBudgetTest {

  @Test
  void shouldBeWhatTheOverheadLeavesOfTheTarget() {
    LatencyBudget budget = new LatencyBudget(Duration.ofSeconds(1), Duration.ofMillis(150));
    assertThat(budget.seconds()).isCloseTo(0.85, within(1e-12));
  }

  @Test
  void shouldRefuseATargetThatTheOverheadUsesUp() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LatencyBudget(Duration.ofMillis(100), Duration.ofMillis(150)))
        .withMessageContaining("100 ms")
        .withMessageContaining("150 ms");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LatencyBudget(Duration.ofMillis(150), Duration.ofMillis(150)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LatencyBudget(Duration.ofMillis(150), Duration.ofMillis(-1)));
  }
}
