package dev.vmoe.lab.faults;

import java.util.Set;

/**
 * A fault that happened.
 *
 * @param kind what failed
 * @param detail which one, for how long
 * @param beganNanos when it began
 * @param beganMs the same time, in milliseconds since 1970
 * @param endedNanos when nothing was failing any more
 * @param sinceNanos from when on its recovery counts: what failed is dead or still, where others
 *     can take over; it is started again or let go on, where nothing could go on before
 * @param sinceMs that time, in milliseconds since 1970
 * @param earlierMs where it has more than one step: longest time, after an earlier one, until every
 *     partition had an answer to an image sent since; else 0
 * @param bystanders partitions of instances that were not touched; empty where all were
 * @param allWell whether all instances run again, and each step had its effect
 */
record InjectedFault(
    FaultKind kind,
    String detail,
    long beganNanos,
    long beganMs,
    long endedNanos,
    long sinceNanos,
    long sinceMs,
    long earlierMs,
    Set<Integer> bystanders,
    boolean allWell) {

  /** Copies the set. */
  InjectedFault {
    bystanders = Set.copyOf(bystanders);
  }
}
