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
    /** Everything else in Java. */
    OTHER
  }

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
  private final long processBefore;

  /** Starts to account from now. */
  public CpuShares() {
    for (long id : threads.getAllThreadIds()) {
      before.put(id, threads.getThreadCpuTime(id));
    }
    processBefore = process.getProcessCpuTime();
  }

  /** Returns each role's share of the processor time since the start; sums to 1. */
  public Map<Role, Double> shares() {
    Map<Role, Long> nanos = new EnumMap<>(Role.class);
    long total = process.getProcessCpuTime() - processBefore;
    long accounted = 0;
    for (long id : threads.getAllThreadIds()) {
      ThreadInfo thread = threads.getThreadInfo(id);
      long used = threads.getThreadCpuTime(id) - before.getOrDefault(id, 0L);
      if (thread == null || used <= 0) {
        continue;
      }
      accounted += used;
      nanos.merge(role(thread.getThreadName().toLowerCase(Locale.ROOT)), used, Long::sum);
    }
    nanos.merge(Role.MODEL_AND_NATIVE, Math.max(0, total - accounted), Long::sum);
    Map<Role, Double> shares = new EnumMap<>(Role.class);
    double sum = Math.max(total, accounted);
    nanos.forEach((role, used) -> shares.put(role, used / sum));
    return shares;
  }

  private static Role role(String thread) {
    if (thread.startsWith("vmoe-decode")) {
      return Role.DECODE;
    }
    if (thread.startsWith("vmoe-inference")) {
      return Role.MODEL_AND_NATIVE;
    }
    if (thread.contains("streamthread") || thread.contains("vmoe-streams")) {
      return Role.STREAMS;
    }
    if (thread.contains("vmoe-client") || thread.equals("main")) {
      return Role.CLIENT;
    }
    return BROKER_THREADS.stream().anyMatch(thread::contains) ? Role.BROKER : Role.OTHER;
  }
}
