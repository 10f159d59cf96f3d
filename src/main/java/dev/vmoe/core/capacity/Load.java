package dev.vmoe.core.capacity;

import java.time.Duration;

/**
 * The load of one instance: as it was read from the images topic, or as it is estimated to be now.
 *
 * @param backlogImages images sent and not yet answered, of the partitions that the instance owns
 * @param arrivalsPerSecond images a second that come in, over the last second or so
 * @param ageNanos time since this was read, in nanoseconds; {@link Long#MAX_VALUE} if it never was
 */
public record Load(long backlogImages, double arrivalsPerSecond, long ageNanos) {

  private static final long STALE_NANOS = Duration.ofSeconds(2).toNanos();

  public static final Load UNKNOWN = new Load(0, 0, Long.MAX_VALUE);

  public Load {
    if (backlogImages < 0 || !(arrivalsPerSecond >= 0) || ageNanos < 0) {
      throw new IllegalArgumentException(
          String.format(
              "%d images waiting, %s a second, read %d ns ago",
              backlogImages, arrivalsPerSecond, ageNanos));
    }
  }

  /**
   * Returns whether this was read within the last two seconds: an older one says nothing of now.
   */
  public boolean isCurrent() {
    return ageNanos <= STALE_NANOS;
  }
}
