package dev.vmoe.lab.faults;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a run found.
 *
 * @param plan what was asked for
 * @param faults in their order, with what was measured of each
 * @param counts of the run
 * @param verdict what became of the images
 * @param memory of the instances
 */
public record FaultsResult(
    FaultsPlan plan,
    List<MeasuredFault> faults,
    Counts counts,
    DeliveryVerdict verdict,
    Memory memory) {

  /** Copies the list. */
  public FaultsResult {
    faults = List.copyOf(faults);
  }

  /**
   * A fault and its effect.
   *
   * @param kind what failed
   * @param detail which one, for how long
   * @param atSeconds when it began, from the start of the load
   * @param seconds how long it lasted
   * @param recoveryMs until every partition had an answer to an image sent since; null if one had
   *     none within the limit, or an instance did not run again
   * @param survivorPausesMs longest pause of each partition whose instance lived through it
   * @param longestPauseMs longest pause of any partition
   */
  public record MeasuredFault(
      FaultKind kind,
      String detail,
      double atSeconds,
      double seconds,
      @Nullable Long recoveryMs,
      List<Long> survivorPausesMs,
      long longestPauseMs) {

    /** Copies the list. */
    public MeasuredFault {
      survivorPausesMs = List.copyOf(survivorPausesMs);
    }
  }

  /**
   * Counts of a run.
   *
   * @param seconds it took, without the start and the check
   * @param kills instances that got SIGKILL
   * @param brokerKills brokers that got SIGKILL
   * @param unsent records that the load's producer gave up
   * @param missing records that were acknowledged, and are not in the images topic
   * @param exits instances that ended without being told to, by exit code
   * @param stopCodes instances that were told to stop, by exit code; -1 for no end within a minute
   */
  public record Counts(
      double seconds,
      int kills,
      int brokerKills,
      long unsent,
      long missing,
      Map<Integer, Integer> exits,
      Map<Integer, Integer> stopCodes) {

    /** Copies the maps. */
    public Counts {
      exits = new TreeMap<>(exits);
      stopCodes = new TreeMap<>(stopCodes);
    }
  }

  /**
   * Resident memory of the instances, in mebibytes.
   *
   * @param atEnd of each that ran at the end
   * @param largest of any of them at any time
   */
  public record Memory(List<Double> atEnd, double largest) {

    /** Copies the list. */
    public Memory {
      atEnd = List.copyOf(atEnd);
    }
  }

  /** Returns the pauses of partitions whose instances lived through a fault. */
  Spread survivorPauses() {
    List<Long> all = new ArrayList<>();
    faults.forEach(fault -> all.addAll(fault.survivorPausesMs()));
    return Spread.of(all);
  }

  /** Returns the times of recovery by kind of fault. */
  Map<FaultKind, Spread> recovery() {
    Map<FaultKind, List<Long>> all = new EnumMap<>(FaultKind.class);
    for (MeasuredFault fault : faults) {
      List<Long> times = all.computeIfAbsent(fault.kind(), kind -> new ArrayList<>());
      if (fault.recoveryMs() != null) {
        times.add(fault.recoveryMs());
      }
    }
    Map<FaultKind, Spread> recovery = new EnumMap<>(FaultKind.class);
    all.forEach((kind, times) -> recovery.put(kind, Spread.of(times)));
    return recovery;
  }

  /** Returns the faults after which a partition had no answer within the limit. */
  long notRecovered() {
    return faults.stream().filter(fault -> fault.recoveryMs() == null).count();
  }

  /**
   * Returns whether every image has its one right answer, and every partition went on after every
   * fault. Instances that ended by themselves are reported, not judged: a supervisor starts them
   * again.
   */
  public boolean clean() {
    return verdict.clean() && counts.missing() == 0 && notRecovered() == 0 && !faults.isEmpty();
  }
}
