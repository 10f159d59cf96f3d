package dev.vmoe.lab.faults;

import dev.vmoe.lab.faults.FaultsResult.MeasuredFault;
import java.util.ArrayList;
import java.util.List;

/**
 * The times that a run may take at most, in milliseconds; 0 for no limit.
 *
 * @param recoveryMs from a fault until every partition had an answer to an image sent since
 * @param besideBombsMs from sending a good image between bombs to its answer
 */
public record FaultLimits(long recoveryMs, long besideBombsMs) {

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException if one is negative
   */
  public FaultLimits {
    if (recoveryMs < 0) {
      throw new IllegalArgumentException("--max-recovery-ms " + recoveryMs + " is below 0");
    }
    if (besideBombsMs < 0) {
      throw new IllegalArgumentException("--max-beside-bombs-ms " + besideBombsMs + " is below 0");
    }
  }

  /** Returns what was later than allowed, for people; empty where nothing was. */
  List<String> broken(List<MeasuredFault> faults) {
    List<String> broken = new ArrayList<>();
    for (MeasuredFault fault : faults) {
      addRecovery(fault, broken);
      if (fault.kind() == FaultKind.BOMBS) {
        addBesideBombs(fault, broken);
      }
    }
    if (besideBombsMs > 0 && faults.stream().noneMatch(it -> it.kind() == FaultKind.BOMBS)) {
      broken.add("no bombs were sent, so nothing shows --max-beside-bombs-ms " + besideBombsMs);
    }
    return broken;
  }

  private void addRecovery(MeasuredFault fault, List<String> broken) {
    Long recovery = fault.recoveryMs();
    if (recoveryMs > 0 && (recovery == null || recovery > recoveryMs)) {
      broken.add(
          "%s at %.0f s: %s, --max-recovery-ms %d"
              .formatted(
                  fault.kind().label(),
                  fault.atSeconds(),
                  recovery == null ? "not recovered" : "recovered after " + recovery + " ms",
                  recoveryMs));
    }
  }

  /** No times are known where images had no answer, which is no better than late ones. */
  private void addBesideBombs(MeasuredFault fault, List<String> broken) {
    if (besideBombsMs == 0) {
      return;
    }
    List<Long> times = fault.latenciesMs();
    long late = times.stream().filter(time -> time > besideBombsMs).count();
    if (times.isEmpty() || late > 0) {
      broken.add(
          "bombs at %.0f s: %s, --max-beside-bombs-ms %d"
              .formatted(
                  fault.atSeconds(),
                  times.isEmpty()
                      ? "not all good images were answered"
                      : "%d of %d good images were answered late, the last after %d ms"
                          .formatted(late, times.size(), Spread.of(times).max()),
                  besideBombsMs));
    }
  }
}
