package dev.vmoe.lab.bench;

import dev.vmoe.app.client.Replay;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalPipeline;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The images that everything that is compared is sent, as fast as they are answered.
 *
 * @param images sent again from the first if {@code count} is larger
 * @param count images to send
 * @param window maximum images sent and not yet answered
 */
public record FullLoad(List<LabelledImage> images, int count, int window) {

  /** Threads that end are seen at most this long before. */
  private static final long LOOK_EVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** Copies the list. */
  public FullLoad {
    images = List.copyOf(images);
  }

  /**
   * Returns the images that a side answers before it is measured: half as many. A side is started
   * for its round, and what Java compiles for the start would count as the work of its images.
   */
  public FullLoad first() {
    return new FullLoad(images, (count + 1) / 2, window);
  }

  /**
   * Sends the images, reads the answers, and accounts for the processor time meanwhile.
   *
   * @param side who answers, for the error
   * @throws IllegalStateException if not every image is answered once
   */
  public MeteredReplay send(String side, Replay client) throws InterruptedException {
    CpuShares cpu = new CpuShares();
    Map<CpuShares.Role, Long> nanos = new EnumMap<>(CpuShares.Role.class);
    long[] lookedNanos = {System.nanoTime()};
    Replay.ReplayOutcome outcome =
        client.run(
            LocalPipeline.endless(images),
            new Replay.ReplayLoad(count, 0, window),
            answered -> {
              if (answered >= count) { // while the client's threads still live
                nanos.putAll(cpu.nanos());
              } else if (System.nanoTime() - lookedNanos[0] > LOOK_EVERY_NANOS) {
                cpu.look();
                lookedNanos[0] = System.nanoTime();
              }
            });
    StreamSummary.Result seen = outcome.summary();
    if (seen.predictions() != count || seen.duplicates() != 0) {
      throw new IllegalStateException(
          String.format(
              "%s answered %d of %d images, and %d twice",
              side, seen.predictions(), count, seen.duplicates()));
    }
    return new MeteredReplay(outcome, nanos);
  }
}
