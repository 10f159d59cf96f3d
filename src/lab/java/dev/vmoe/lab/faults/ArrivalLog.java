package dev.vmoe.lab.faults;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * When a client saw the answers to the images of each partition, and whose they were. Times are
 * nanoseconds of one clock.
 *
 * <p>Safe for use by several threads.
 */
final class ArrivalLog {

  /** Answers come from several partitions of the broker, so they may be this far out of order. */
  private static final int DISORDER = 256;

  private final Map<Integer, List<Arrival>> arrivals = new TreeMap<>();
  private long count;

  /** An answer: when it was seen, when its image was sent, and which instance and model gave it. */
  private record Arrival(long atNanos, long sentMs, String owner, String model) {}

  /**
   * Notes an answer, in the order in which they are seen.
   *
   * @param partition of the image
   * @param sentMs when the image was sent, milliseconds since 1970
   * @param owner names the instance that answered
   * @param model that answered
   */
  synchronized void add(int partition, long atNanos, long sentMs, String owner, String model) {
    arrivals
        .computeIfAbsent(partition, p -> new ArrayList<>())
        .add(new Arrival(atNanos, sentMs, owner, model.intern())); // few models
    count++;
  }

  /** Returns the answers so far. */
  synchronized long count() {
    return count;
  }

  /**
   * Returns when each of these partitions had an answer to an image that was sent at this time or
   * later; empty if one has none.
   */
  OptionalLong answeredSince(long sentMs, Collection<Integer> partitions) {
    return answeredSince(sentMs, partitions, model -> true);
  }

  /** Returns the same of answers by certain models. */
  synchronized OptionalLong answeredSince(
      long sentMs, Collection<Integer> partitions, Predicate<String> models) {
    long latest = Long.MIN_VALUE;
    for (int partition : partitions) {
      boolean found = false;
      List<Arrival> all = arrivals.getOrDefault(partition, List.of());
      for (int i = firstSentSince(all, sentMs); i < all.size(); i++) {
        if (all.get(i).sentMs() >= sentMs && models.test(all.get(i).model())) {
          latest = Math.max(latest, all.get(i).atNanos());
          found = true;
          break;
        }
      }
      if (!found) {
        return OptionalLong.empty();
      }
    }
    return latest == Long.MIN_VALUE ? OptionalLong.empty() : OptionalLong.of(latest);
  }

  /** Returns a place before which no image was sent at this time or later. */
  private static int firstSentSince(List<Arrival> all, long sentMs) {
    int low = 0;
    int high = all.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (all.get(middle).sentMs() < sentMs) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Math.max(0, low - DISORDER);
  }

  /**
   * Returns the longest pause of each of these partitions that kept its instance all the time.
   *
   * @param partitions of instances to which nothing happened
   * @param fromNanos when something failed
   * @param untilNanos when all was well again; a pause counts if it overlaps this stretch
   */
  synchronized Map<Integer, Long> survivorPauses(
      Set<Integer> partitions, long fromNanos, long untilNanos) {
    return pauses(partitions, fromNanos, untilNanos, true);
  }

  /**
   * Returns the longest pause of each of these partitions that an instance to which nothing
   * happened lost to another one: it was fenced, or a rebalance took the partition from it.
   */
  synchronized Map<Integer, Long> movedPauses(
      Set<Integer> partitions, long fromNanos, long untilNanos) {
    return pauses(partitions, fromNanos, untilNanos, false);
  }

  private Map<Integer, Long> pauses(
      Set<Integer> partitions, long fromNanos, long untilNanos, boolean kept) {
    Map<Integer, Long> pauses = new TreeMap<>();
    for (int partition : partitions) {
      List<Arrival> all = arrivals.getOrDefault(partition, List.of());
      String owner = ownerAt(all, fromNanos);
      if (owner != null && kept(all, owner, fromNanos, untilNanos) == kept) {
        pauses.put(partition, longestPause(all, fromNanos, untilNanos));
      }
    }
    return pauses;
  }

  /**
   * Returns how long images took until their answers were seen, in milliseconds.
   *
   * @param fromMs images sent at this time or later
   * @param untilMs and before this one; each partition has answered an image sent then
   * @param nanosAtZeroMs time of the other clock at 1970, in nanoseconds
   */
  synchronized List<Long> latencies(long fromMs, long untilMs, long nanosAtZeroMs) {
    List<Long> all = new ArrayList<>();
    for (List<Arrival> partition : arrivals.values()) {
      for (Arrival arrival : partition) {
        if (arrival.sentMs() >= fromMs && arrival.sentMs() < untilMs) {
          all.add((arrival.atNanos() - nanosAtZeroMs) / 1_000_000 - arrival.sentMs());
        }
      }
    }
    return all;
  }

  /** Returns the longest pause of any partition that overlaps this stretch. */
  synchronized long longestPause(long fromNanos, long untilNanos) {
    return arrivals.values().stream()
        .mapToLong(all -> longestPause(all, fromNanos, untilNanos))
        .max()
        .orElse(0);
  }

  private static @Nullable String ownerAt(List<Arrival> all, long atNanos) {
    String owner = null;
    for (Arrival arrival : all) {
      if (arrival.atNanos() > atNanos) {
        break;
      }
      owner = arrival.owner();
    }
    return owner;
  }

  /** Returns whether nobody else answered in the stretch. */
  private static boolean kept(List<Arrival> all, String owner, long fromNanos, long untilNanos) {
    return all.stream()
        .filter(arrival -> arrival.atNanos() > fromNanos && arrival.atNanos() <= untilNanos)
        .allMatch(arrival -> arrival.owner().equals(owner));
  }

  private static long longestPause(List<Arrival> all, long fromNanos, long untilNanos) {
    long longest = 0;
    for (int i = 1; i < all.size(); i++) {
      long begin = all.get(i - 1).atNanos();
      long end = all.get(i).atNanos();
      if (end >= fromNanos && begin <= untilNanos) {
        longest = Math.max(longest, end - begin);
      }
    }
    if (!all.isEmpty()) { // still silent at the end
      longest = Math.max(longest, untilNanos - all.get(all.size() - 1).atNanos());
    }
    return longest;
  }
}
