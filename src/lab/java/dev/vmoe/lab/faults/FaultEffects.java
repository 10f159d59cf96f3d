package dev.vmoe.lab.faults;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Waits until the steps of one fault have had their effects, and knows whether all had. */
final class FaultEffects {

  /** An instance, or a partition without an answer, that needs longer counts as not recovered. */
  static final Duration LIMIT = Duration.ofSeconds(120);

  private static final Duration CHECK_EVERY = Duration.ofMillis(100);

  private final InstanceFleet fleet;
  private final ImageGroup group;
  private final AnswerWatcher watcher;
  private boolean all = true;

  FaultEffects(InstanceFleet fleet, ImageGroup group, AnswerWatcher watcher) {
    this.fleet = fleet;
    this.group = group;
    this.watcher = watcher;
  }

  /**
   * Waits until every partition has an answer to an image sent later; returns how long it took, in
   * milliseconds.
   *
   * @param models that must give the answer, by name
   */
  long answers(Moment from, int partitions, Predicate<String> models) throws InterruptedException {
    OptionalLong answered = watcher.await(from.ms() + 1, partitions, models, LIMIT);
    all &= answered.isPresent();
    return TimeUnit.NANOSECONDS.toMillis(
        Math.max(0, answered.orElse(System.nanoTime()) - from.nanos()));
  }

  /**
   * Waits until an instance has written more lines with a text.
   *
   * @param before number of lines before
   */
  void lines(int instance, String text, long before) throws InterruptedException {
    long endNanos = System.nanoTime() + LIMIT.toNanos();
    while (fleet.said(instance, text) <= before) {
      if (System.nanoTime() - endNanos > 0) {
        all = false;
        return;
      }
      Thread.sleep(CHECK_EVERY.toMillis());
    }
  }

  /** Waits until an instance has partitions; returns how long it took, in milliseconds. */
  long partitions(int instance) throws InterruptedException, ExecutionException {
    long beganNanos = System.nanoTime();
    while (group.owners().getOrDefault(InstanceFleet.clientId(instance), Set.of()).isEmpty()) {
      if (System.nanoTime() - beganNanos > LIMIT.toNanos()) {
        all = false;
        break;
      }
      Thread.sleep(CHECK_EVERY.toMillis());
    }
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
  }

  /** Returns whether all that was waited for came within the limit. */
  boolean all() {
    return all;
  }
}
