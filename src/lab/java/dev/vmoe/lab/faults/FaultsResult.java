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
   * @param movedPausesMs longest pause of each partition that an instance lost to another one,
   *     although nothing happened to it: it was fenced, or a rebalance took the partition from it
   * @param longestPauseMs longest pause of any partition
   * @param latenciesMs time to the answer of each good image that was sent between the beginning
   *     and the time from which recovery counts; empty if not all are answered
   */
  public record MeasuredFault(
      FaultKind kind,
      String detail,
      double atSeconds,
      double seconds,
      @Nullable Long recoveryMs,
      List<Long> survivorPausesMs,
      List<Long> movedPausesMs,
      long longestPauseMs,
      List<Long> latenciesMs) {

    /** Copies the lists. */
    public MeasuredFault {
      survivorPausesMs = List.copyOf(survivorPausesMs);
      movedPausesMs = List.copyOf(movedPausesMs);
      latenciesMs = List.copyOf(latenciesMs);
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
   * @param limit of an instance; 0 for none
   * @param limitedPeak most that counted against the limit, with files that were read; 0 without
   */
  public record Memory(List<Double> atEnd, double largest, int limit, double limitedPeak) {

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

  /** Returns the pauses of partitions that instances lost to which nothing had happened. */
  Spread movedPauses() {
    List<Long> all = new ArrayList<>();
    faults.forEach(fault -> all.addAll(fault.movedPausesMs()));
    return Spread.of(all);
  }

  /** Returns the time to the answer of the good images between bombs. */
  Spread besideBombs() {
    List<Long> all = new ArrayList<>();
    faults.stream()
        .filter(fault -> fault.kind() == FaultKind.BOMBS)
        .forEach(fault -> all.addAll(fault.latenciesMs()));
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

  /** Returns what took longer than the plan allows, for people. */
  List<String> tooLate() {
    return plan.limits().broken(faults);
  }

  /**
   * Returns whether every image has its one right answer, every partition went on after every
   * fault, no instance ended by itself, and nothing took longer than the plan allows.
   */
  public boolean clean() {
    return verdict.clean()
        && counts.missing() == 0
        && notRecovered() == 0
        && !faults.isEmpty()
        && counts.exits().isEmpty()
        && tooLate().isEmpty();
  }
}
