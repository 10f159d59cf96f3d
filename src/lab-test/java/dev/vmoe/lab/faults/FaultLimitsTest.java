package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.lab.faults.FaultsResult.MeasuredFault;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which times make a run fail, in which every answer is right. */
class FaultLimitsTest {

  private static final DeliveryVerdict RIGHT =
      new DeliveryVerdict(9, 8, 1, 0, 0, 0, 0, 0, 0, 0, 0, Map.of(), List.of());

  @Test
  void shouldTakeAnyTimeWithoutLimits() {
    assertThat(result(new FaultLimits(0, 0), kill(99_000L), bombs(99_000)).clean()).isTrue();
  }

  @Test
  void shouldFailWhereARecoveryTookLonger() {
    FaultLimits limits = new FaultLimits(5_000, 0);

    assertThat(result(limits, kill(4_000L), kill(5_000L), bombs(99_000)).clean()).isTrue();
    FaultsResult late = result(limits, kill(4_000L), kill(5_001L));
    assertThat(late.clean()).isFalse();
    assertThat(late.tooLate())
        .containsExactly("kill at 7 s: recovered after 5001 ms, --max-recovery-ms 5000");
  }

  @Test
  void shouldFailWhereNothingRecovered() {
    assertThat(result(new FaultLimits(5_000, 0), kill(null)).tooLate())
        .containsExactly("kill at 7 s: not recovered, --max-recovery-ms 5000");
  }

  @Test
  void shouldFailWhereAGoodImageBetweenBombsWaitedLonger() {
    FaultLimits limits = new FaultLimits(0, 2_000);

    assertThat(result(limits, bombs(100, 2_000), kill(99_000L)).clean()).isTrue();
    FaultsResult late = result(limits, bombs(100, 2_001, 3_000));
    assertThat(late.clean()).isFalse();
    assertThat(late.tooLate())
        .containsExactly(
            "bombs at 7 s: 2 of 3 good images were answered late, the last after 3000 ms,"
                + " --max-beside-bombs-ms 2000");
  }

  @Test
  void shouldFailWhereNothingWasMeasuredBetweenBombs() {
    FaultLimits limits = new FaultLimits(0, 2_000);

    assertThat(result(limits, bombs()).clean()).isFalse();
    assertThat(result(limits, kill(1L)).clean()).isFalse();
  }

  private static FaultsResult result(FaultLimits limits, MeasuredFault... faults) {
    FaultsPlan plan =
        new FaultsPlan(
            1,
            0,
            1,
            1,
            1,
            1,
            1,
            false,
            Map.of(FaultKind.BOMBS, 1, FaultKind.KILL, 1),
            1,
            0,
            Map.of(),
            limits,
            null);
    return new FaultsResult(
        plan,
        List.of(faults),
        new FaultsResult.Counts(1, 0, 0, 0, 0, Map.of(), Map.of()),
        RIGHT,
        new FaultsResult.Memory(List.of(), 0, 0, 0));
  }

  private static MeasuredFault kill(@Nullable Long recoveryMs) {
    return measured(FaultKind.KILL, recoveryMs, List.of());
  }

  private static MeasuredFault bombs(long... latenciesMs) {
    return measured(FaultKind.BOMBS, 1L, Arrays.stream(latenciesMs).boxed().toList());
  }

  private static MeasuredFault measured(
      FaultKind kind, @Nullable Long recoveryMs, List<Long> latenciesMs) {
    return new MeasuredFault(kind, "", 7, 1, recoveryMs, List.of(), List.of(), 0, latenciesMs);
  }
}
