package dev.vmoe.core.batch;

import com.sun.management.HotSpotDiagnosticMXBean;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * Checks that the pixels of batches fit into the memory outside the heap. Otherwise the instance
 * would stop in the middle of its work.
 */
public final class BufferRoom {

  private BufferRoom() {}

  /** Returns the bytes that this JVM may take outside the heap. */
  public static long ofThisJvm() {
    HotSpotDiagnosticMXBean bean =
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    long set =
        bean == null ? 0 : Long.parseLong(bean.getVMOption("MaxDirectMemorySize").getValue());
    return set > 0 ? set : Runtime.getRuntime().maxMemory();
  }

  /**
   * Returns settings complete for this model, whose batches fit into the memory outside the heap.
   *
   * @param runs batches that run at once
   * @throws IllegalArgumentException if it cannot run with them, in the memory of this JVM
   */
  public static LiveSettings runnable(LiveSettings live, ModelCard card, int runs) {
    return runnable(live, List.of(card), runs);
  }

  /**
   * Returns settings complete for these models, whose batches fit into the memory outside the heap.
   *
   * @param cards of models that see the same images
   * @param runs batches that run at once
   * @throws IllegalArgumentException as above
   */
  public static LiveSettings runnable(LiveSettings live, List<ModelCard> cards, int runs) {
    LiveSettings complete = live.forModels(cards);
    require(
        cards.get(0).imageSize(),
        complete.maxBatchImages(),
        MicroBatcher.buffers(runs),
        ofThisJvm());
    return complete;
  }

  /** Returns whether the buffers of so many runs at once fit into the memory of this JVM. */
  public static boolean fits(ModelCard card, int maxBatchImages, int runs) {
    return fits(card.imageSize(), maxBatchImages, MicroBatcher.buffers(runs), ofThisJvm());
  }

  private static boolean fits(int imageSize, int maxBatchImages, int buffers, long directBytes) {
    long bufferBytes = MicroBatcher.bufferBytes(imageSize, maxBatchImages);
    return bufferBytes <= Integer.MAX_VALUE && buffers * bufferBytes <= directBytes / 4 * 3;
  }

  /**
   * Checks that the buffers fit and leave a quarter to sockets.
   *
   * @param imageSize height and width of the model's input, in pixels
   * @param maxBatchImages maximum images of a batch
   * @param buffers how many
   * @param directBytes bytes outside the heap
   * @throws IllegalArgumentException if they do not; its message has the numbers
   */
  static void require(int imageSize, int maxBatchImages, int buffers, long directBytes) {
    if (!fits(imageSize, maxBatchImages, buffers, directBytes)) {
      throw new IllegalArgumentException(
          ("%s %d: %d buffers of %d bytes (images of %d x %d pixels) do not fit; together they may"
                  + " take three quarters of the %d bytes outside the heap, each at most %d bytes;"
                  + " lower it, or raise VMOE_DIRECT_MEMORY (-XX:MaxDirectMemorySize)")
              .formatted(
                  Settings.BATCH_MAX_IMAGES,
                  maxBatchImages,
                  buffers,
                  MicroBatcher.bufferBytes(imageSize, maxBatchImages),
                  imageSize,
                  imageSize,
                  directBytes,
                  Integer.MAX_VALUE));
    }
  }
}
