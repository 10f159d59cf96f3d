package dev.vmoe.streams.commit;

import dev.vmoe.core.batch.Lane;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.LatePolicy;
import dev.vmoe.streams.settings.LiveSettings;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * When the run of an image has to have ended, so that its prediction can be read in time.
 *
 * <pre>
 * due = deadline − hand-over      where the sender gave a deadline, whatever the settings say
 *     = sent + target − hand-over where late.policy is expire
 *     = never                     otherwise
 * </pre>
 *
 * <p>Hand-over is the commit interval or what commits really take, whichever is longer, and
 * transport; but at most half of the target, so that a pause does not make everything expire.
 *
 * <p>{@code sent} is the record's timestamp where that agrees with when the instance saw the record
 * come, to within a quarter of the target; otherwise the nearest time that does. So a producer's
 * wrong clock takes at most a quarter of the target from its images.
 */
public final class Deadlines {

  private static final int TOLERANCE = 4;
  private static final int MAX_HAND_OVER = 2;

  /** Beyond this nothing is too late; it keeps sums of nanoseconds within a long. */
  private static final Duration FAR = Duration.ofDays(3650);

  private final Supplier<LiveSettings> settings;
  private final Duration commitInterval;
  private final InstantSource clock;

  /**
   * Creates deadlines.
   *
   * @param settings settings in force; asked for each image
   * @param commitInterval time between two commits under load
   * @param clock wall clock
   */
  public Deadlines(Supplier<LiveSettings> settings, Duration commitInterval, InstantSource clock) {
    this.settings = settings;
    this.commitInterval = commitInterval;
    this.clock = clock;
  }

  /**
   * A time by both clocks.
   *
   * @param millis wall-clock time, in milliseconds since 1970
   * @param nanos monotonic time, in nanoseconds
   */
  public record Now(long millis, long nanos) {}

  /**
   * Between which times a record came, by the monotonic clock.
   *
   * @param earliestNanos not before this, in nanoseconds
   * @param latestNanos not after this, in nanoseconds
   */
  public record ArrivalBounds(long earliestNanos, long latestNanos) {}

  /** Returns the time now: that of a stream thread stands still while it takes records in. */
  public Now now() {
    return new Now(clock.millis(), System.nanoTime());
  }

  /**
   * Returns whether an image may expire, before more is asked about it.
   *
   * @param deadlineMs null where the sender gave no deadline
   */
  public boolean apply(@Nullable Long deadlineMs) {
    return deadlineMs != null || settings.get().latePolicy() == LatePolicy.EXPIRE;
  }

  /**
   * Returns when the run of an image has to have ended, by the monotonic clock; {@link
   * Lane#NEVER_DUE} if it is answered however late.
   *
   * @param deadlineMs when its prediction has to be readable, in milliseconds since 1970; null
   *     where the sender gave no deadline
   * @param timestampMs the record's timestamp
   * @param came when the instance saw the record come
   * @param handOver how long commits really take
   */
  public long dueNanos(
      @Nullable Long deadlineMs, long timestampMs, ArrivalBounds came, Duration handOver, Now now) {
    LiveSettings inForce = settings.get();
    Duration target = inForce.capacity().targetLatency();
    long leftNanos;
    if (deadlineMs != null) {
      leftNanos = nanos(deadlineMs - now.millis());
    } else if (inForce.latePolicy() == LatePolicy.EXPIRE) {
      leftNanos = target.toNanos() - waitedNanos(timestampMs, came, target, now);
    } else {
      return Lane.NEVER_DUE;
    }
    return now.nanos() + leftNanos - reserved(handOver, target).toNanos();
  }

  private static long waitedNanos(long timestampMs, ArrivalBounds came, Duration target, Now now) {
    long toleranceNanos = target.toNanos() / TOLERANCE;
    long byTimestamp = nanos(now.millis() - timestampMs);
    long atMost = now.nanos() - came.earliestNanos() + toleranceNanos;
    long atLeast = now.nanos() - came.latestNanos() - toleranceNanos;
    return Math.max(Math.max(0, atLeast), Math.min(byTimestamp, atMost));
  }

  private Duration reserved(Duration handOver, Duration target) {
    Duration commit = handOver.compareTo(commitInterval) > 0 ? handOver : commitInterval;
    Duration reserved = CapacityRequirements.overhead(commit);
    Duration minimum = CapacityRequirements.overhead(commitInterval);
    Duration maximum = target.dividedBy(MAX_HAND_OVER);
    Duration bounded = reserved.compareTo(maximum) < 0 ? reserved : maximum;
    return bounded.compareTo(minimum) > 0 ? bounded : minimum;
  }

  private static long nanos(long millis) {
    long far = FAR.toMillis();
    return TimeUnit.MILLISECONDS.toNanos(Math.max(-far, Math.min(far, millis)));
  }
}
