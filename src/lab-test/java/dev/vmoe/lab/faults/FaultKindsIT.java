package dev.vmoe.lab.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.vmoe.importer.bundled.BundledModels;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The faults that change an instance's model, network or clock. */
@Tag("soak")
@Timeout(600)
class FaultKindsIT {

  private static final List<FaultKind> KINDS =
      List.of(FaultKind.MODEL, FaultKind.NETWORK, FaultKind.CLOCK);

  @TempDir Path folder;

  @Test
  void shouldFindEveryImageAnsweredOnceButTooLate() throws Exception {
    FaultsPlan plan = plan(60, 8, new FaultLimits(1, 0));
    requireSurroundings(plan);

    FaultsResult result = run(plan);

    assertThat(result.faults()).extracting(FaultsResult.MeasuredFault::kind).containsAll(KINDS);
    assertThat(result.verdict().examples()).isEmpty();
    assertThat(result.verdict().clean()).isTrue();
    assertThat(result.verdict().models())
        .hasSize(2)
        .allSatisfy((name, n) -> assertThat(n).isPositive());
    assertThat(result.notRecovered()).isZero();
    assertThat(result.faults())
        .filteredOn(fault -> fault.kind() == FaultKind.NETWORK)
        .as("others had to take over")
        .allSatisfy(fault -> assertThat(fault.longestPauseMs()).isGreaterThan(3_000));
    assertThat(result.counts().exits()).isEmpty();
    assertThat(result.tooLate()).hasSameSizeAs(result.faults());
    assertThat(result.clean()).isFalse();
  }

  private FaultsResult run(FaultsPlan plan) throws Exception {
    return new FaultsBench(
            plan, folder, "dev.vmoe.app.cli.VmoeCommand", BundledModels.vmoe(), System.out::println)
        .run();
  }

  private void requireSurroundings(FaultsPlan plan) throws Exception {
    try {
      InstanceSurroundings.of(plan, folder).close();
    } catch (IllegalStateException e) {
      abort(e.getMessage());
    }
  }

  private static FaultsPlan plan(double seconds, double faultSeconds, FaultLimits limits) {
    Map<FaultKind, Integer> once =
        KINDS.stream().collect(Collectors.toMap(kind -> kind, kind -> 1));
    return new FaultsPlan(
        seconds, faultSeconds, 1, 2, 1, 4, 1, false, once, 40, 0, Map.of(), limits, null);
  }
}
