package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.vmoe.lab.faults.FaultSchedule.PlannedFault;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which faults come, and how long they last. */
class FaultScheduleTest {

  private static final Map<FaultKind, Integer> WEIGHTS =
      Map.of(FaultKind.KILL, 3, FaultKind.BROKER, 1);

  @Test
  void shouldPlanTheSameForTheSameSeed() {
    assertThat(faults(7, 60)).isEqualTo(faults(7, 60)).isNotEqualTo(faults(8, 60));
  }

  @Test
  void shouldBringEveryKindAsOftenAsItsWeightInEachRound() {
    List<PlannedFault> faults = faults(1, 60);
    for (int round = 0; round < 5; round++) {
      assertThat(faults.subList(4 * round, 4 * round + 4))
          .extracting(PlannedFault::kind)
          .containsExactlyInAnyOrder(
              FaultKind.KILL, FaultKind.KILL, FaultKind.KILL, FaultKind.BROKER);
    }
  }

  @Test
  void shouldKeepFaultsWithinTheirBounds() {
    assertThat(faults(1, 60))
        .filteredOn(fault -> fault.kind() == FaultKind.BROKER)
        .allSatisfy(fault -> assertThat(fault.seconds()).isBetween(2.0, 60.0))
        .anySatisfy(fault -> assertThat(fault.seconds()).isGreaterThan(20));
    assertThat(faults(1, 5))
        .allSatisfy(fault -> assertThat(fault.seconds()).isLessThanOrEqualTo(5));
  }

  @Test
  void shouldReadWeights() {
    assertThat(FaultSchedule.weights(List.of("kill-all=8", "broker")))
        .isEqualTo(Map.of(FaultKind.KILL_ALL, 8, FaultKind.BROKER, 1));
  }

  @Test
  void shouldRefuseWeightsThatMeanNothing() {
    for (String wrong : List.of("kil", "kill=0", "kill=x")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> FaultSchedule.weights(List.of(wrong)))
          .withMessageContaining("kil");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FaultSchedule.weights(List.of("kill", "kill=2")))
        .withMessageContaining("twice");
  }

  @Test
  void shouldLeaveOutWhatNeedsRootOrPackagesUnlessAsked() {
    assertThat(FaultKind.usual())
        .hasSize(FaultKind.values().length - 4)
        .doesNotContain(FaultKind.CLUSTER, FaultKind.BOMBS, FaultKind.NETWORK, FaultKind.CLOCK);
  }

  @Test
  void shouldLastAsLongAsIsSaid() {
    FaultSchedule schedule = new FaultSchedule(WEIGHTS, 5, 300, 1);

    assertThat(schedule.next().seconds()).isEqualTo(300);
    assertThat(schedule.next().seconds()).isEqualTo(300);
  }

  private static List<PlannedFault> faults(long seed, double maxSeconds) {
    FaultSchedule schedule = new FaultSchedule(WEIGHTS, maxSeconds, 0, seed);
    return Stream.generate(schedule::next).limit(20).toList();
  }
}
