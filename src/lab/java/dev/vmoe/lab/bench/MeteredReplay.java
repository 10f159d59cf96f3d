package dev.vmoe.lab.bench;

import dev.vmoe.client.Replay;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalPipeline;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A replay as fast as images are answered, and the processor time that this process used meanwhile.
 *
 * @param outcome what the client saw
 * @param cpuNanos processor time by role, from before the first image to the last answer
 */
public record MeteredReplay(Replay.ReplayOutcome outcome, Map<CpuShares.Role, Long> cpuNanos) {

  /** Threads that end are seen at most this long before. */
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Copies the map. */
  public MeteredReplay {
    cpuNanos = Map.copyOf(cpuNanos);
  }

  /**
   * Replays images.
   *
   * @param images sent again from the first if {@code count} is larger
   * @param count images to send
   * @param window maximum images sent and not yet answered
   */
  public static MeteredReplay of(Replay replay, List<LabelledImage> images, int count, int window)
      throws InterruptedException {
    return of(replay, images, count, window, () -> 0);
  }

  /**
   * Replays images that also other processes work for.
   *
   * @param elsewhereNanos processor time that those have used; counts as the peer's
   */
  public static MeteredReplay of(
      Replay replay, List<LabelledImage> images, int count, int window, LongSupplier elsewhereNanos)
      throws InterruptedException {
    long before = elsewhereNanos.getAsLong();
    CpuShares cpu = new CpuShares();
    Map<CpuShares.Role, Long> nanos = new EnumMap<>(CpuShares.Role.class);
    long[] lookedNanos = {System.nanoTime()};
    Replay.ReplayOutcome outcome =
        replay.run(
            LocalPipeline.endless(images),
            new Replay.ReplayLoad(count, 0, window),
            answered -> {
              if (answered >= count) { // while the client's threads still live
                nanos.putAll(cpu.nanos());
                nanos.merge(CpuShares.Role.PEER, elsewhereNanos.getAsLong() - before, Long::sum);
              } else if (System.nanoTime() - lookedNanos[0] > LOOK_EVERY_NANOS) {
                cpu.look();
                lookedNanos[0] = System.nanoTime();
              }
            });
    return new MeteredReplay(outcome, nanos);
  }

  /** Returns images a second. */
  public double imagesPerSecond() {
    return outcome.sent() / outcome.seconds();
  }

  /** Returns the processor time of an image, in milliseconds, without what these roles used. */
  public double cpuMsPerImage(Set<CpuShares.Role> others) {
    long own = 0;
    for (Map.Entry<CpuShares.Role, Long> used : cpuNanos.entrySet()) {
      own += others.contains(used.getKey()) ? 0 : used.getValue();
    }
    return own / 1e6 / outcome.sent();
  }
}
