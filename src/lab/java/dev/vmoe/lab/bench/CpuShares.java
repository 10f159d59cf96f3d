package dev.vmoe.lab.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The use of this process's processors between two moments, by the names of its threads.
 *
 * <p>What no Java thread accounts for is native: the model's own threads, garbage collection and
 * compilation.
 */
public final class CpuShares {

  /** The part of the system that a thread works for. */
  public enum Role {
    /** The inference thread, and all native threads: mostly the model. */
    MODEL_AND_NATIVE,
    /** Image decoding. */
    DECODE,
    /** The stream threads with their consumers and producers. */
    STREAMS,
    /** The embedded broker. */
    BROKER,
    /** The client that produces images and consumes predictions. */
    CLIENT,
    /** What the pipeline is compared with, with its consumers and producers. */
    PEER,
    /** Everything else in Java. */
    OTHER
  }

  /** How the names of a pipeline's threads begin, as those of its application do. */
  static final String PIPELINE = "vmoe-streams";

  /** What the names of a peer's clients and threads begin with. */
  public static final String PEER = "vmoe-peer";

  /** What that library names its threads. */
  private static final String PARALLEL_CONSUMER = "pc-";

  /** Parts of the names of a broker's threads. */
  private static final List<String> BROKER_THREADS =
      List.of(
          "data-plane",
          "kafka-",
          "controller",
          "raft",
          "quorum",
          "broker",
          "coordinator",
          "txn",
          "transaction",
          "log-",
          "expiration",
          "metadata",
          "snapshot",
          "group-",
          "share-");

  private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
  private final OperatingSystemMXBean process =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private final Map<Long, Long> before = new HashMap<>();

  /** What each thread has used since the start, as far as it was seen. */
  private final Map<Long, Used> seen = new HashMap<>();

  private final long processBefore;

  private record Used(Role role, long nanos) {}

  /** Starts to account from now. */
  public CpuShares() {
    for (long id : threads.getAllThreadIds()) {
      before.put(id, threads.getThreadCpuTime(id));
    }
    processBefore = process.getProcessCpuTime();
  }

  /**
   * Notes what every thread has used so far. A thread that ends without having been seen counts as
   * native.
   */
  public void look() {
    for (long id : threads.getAllThreadIds()) {
      long nanos = threads.getThreadCpuTime(id) - before.getOrDefault(id, 0L);
      if (nanos <= 0) {
        continue;
      }
      Used known = seen.get(id);
      if (known != null) {
        seen.put(id, new Used(known.role(), nanos));
        continue;
      }
      ThreadInfo thread = threads.getThreadInfo(id);
      if (thread != null) {
        seen.put(id, new Used(role(thread.getThreadName().toLowerCase(Locale.ROOT)), nanos));
      }
    }
  }

  /** Returns each role's processor time since the start, in nanoseconds. */
  public Map<Role, Long> nanos() {
    look();
    long total = process.getProcessCpuTime() - processBefore;
    Map<Role, Long> nanos = new EnumMap<>(Role.class);
    long accounted = 0;
    for (Used used : seen.values()) {
      accounted += used.nanos();
      nanos.merge(used.role(), used.nanos(), Long::sum);
    }
    nanos.merge(Role.MODEL_AND_NATIVE, Math.max(0, total - accounted), Long::sum);
    return nanos;
  }

  /** Returns each role's share of these times; sums to 1. */
  public static Map<Role, Double> shares(Map<Role, Long> nanos) {
    double sum = nanos.values().stream().mapToLong(Long::longValue).sum();
    Map<Role, Double> shares = new EnumMap<>(Role.class);
    nanos.forEach((role, used) -> shares.put(role, used / sum));
    return shares;
  }

  static Role role(String thread) {
    if (thread.contains(PEER) || thread.startsWith(PARALLEL_CONSUMER)) {
      return Role.PEER;
    }
    if (thread.startsWith("vmoe-decode")) {
      return Role.DECODE;
    }
    if (thread.startsWith("vmoe-inference")) {
      return Role.MODEL_AND_NATIVE;
    }
    if (thread.contains("streamthread") || thread.contains(PIPELINE)) {
      return Role.STREAMS;
    }
    if (thread.contains("vmoe-client") || thread.equals("main")) {
      return Role.CLIENT;
    }
    return BROKER_THREADS.stream().anyMatch(thread::contains) ? Role.BROKER : Role.OTHER;
  }
}
