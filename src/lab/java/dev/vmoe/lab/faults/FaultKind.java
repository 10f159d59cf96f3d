package dev.vmoe.lab.faults;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/** What can be made to fail. */
public enum FaultKind {
  /** An instance gets SIGKILL and is started again. */
  KILL(0, 5),
  /** All instances get SIGKILL and are started again. */
  KILL_ALL(0, 5),
  /** Each instance in turn gets SIGTERM and is started again. */
  ROLL(0, 0),
  /** An instance gets SIGSTOP, and SIGCONT later. */
  FREEZE(5, 40),
  /** Instances are started or stopped, and later the old number is there again. */
  SCALE(3, 15),
  /** A broker gets SIGKILL and is started again later. */
  BROKER(2, 60),
  /** The registry takes no request. */
  REGISTRY_AWAY(3, 40),
  /** The registry takes requests and does not answer. */
  REGISTRY_HUNG(3, 40),
  /** The registry answers 403, or 404 as a proxy does. */
  REGISTRY_REFUSING(3, 40),
  /** The registry knows no schema, as one that lost its data. */
  REGISTRY_EMPTY(3, 40),
  /** Another process takes half of the processors. */
  STEAL(5, 20),
  /** A valid configuration record. */
  CONFIG(0, 0),
  /** A configuration record that must be refused. */
  BAD_CONFIG(0, 0),
  /** The images topic gets another partition. */
  PARTITIONS(0, 0),
  /** Five hundred images that take much memory come at once, and good ones between them. */
  BOMBS(0, 0),
  /** Controller and brokers get SIGKILL at once and are started again later. */
  CLUSTER(2, 60),
  /** Another model is put on, and the first one again. */
  MODEL(3, 10),
  /** Packets between an instance and brokers and registry vanish. */
  NETWORK(5, 40),
  /** The wall clock of an instance steps, and back. */
  CLOCK(5, 40);

  private final double minSeconds;
  private final double maxSeconds;

  FaultKind(double minSeconds, double maxSeconds) {
    this.minSeconds = minSeconds;
    this.maxSeconds = maxSeconds;
  }

  /** Returns the name on the command line and in results, such as {@code kill-all}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns how long it lasts, for a number from 0 to 1. */
  double seconds(double share) {
    return minSeconds + share * (maxSeconds - minSeconds);
  }

  /**
   * Returns all but {@link #CLUSTER}, which no setting makes harmless with one broker, {@link
   * #BOMBS}, which take minutes and say little without a limit on memory, and {@link #NETWORK} and
   * {@link #CLOCK}, which need what not every user and machine has.
   */
  public static List<FaultKind> usual() {
    return List.copyOf(EnumSet.complementOf(EnumSet.of(CLUSTER, BOMBS, NETWORK, CLOCK)));
  }

  /**
   * Returns the kind with this label.
   *
   * @throws IllegalArgumentException if there is none
   */
  static FaultKind of(String label) {
    return Arrays.stream(values())
        .filter(kind -> kind.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is no fault; there are %s"
                        .formatted(
                            label,
                            String.join(
                                ", ", Arrays.stream(values()).map(FaultKind::label).toList()))));
  }
}
