package dev.vmoe.core.inference;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A classifier that can be watched: while a viewer asks, it keeps the first images of a batch now
 * and then as the model saw them, with what became of each token. Without a viewer it copies
 * nothing and fetches nothing more. Classifiers that are watched together share the viewer and the
 * last batch.
 */
public final class WatchedClassifier implements BatchClassifier {

  /** Maximum images that are kept. */
  static final int MAX_IMAGES = 12;

  /** A viewer that has not asked for this long has gone. */
  static final Duration VIEWER_TIMEOUT = Duration.ofSeconds(5);

  /** Time between two batches that are kept. */
  static final Duration KEPT_INTERVAL = Duration.ofSeconds(1);

  private final BatchClassifier classifier;
  private final Watch watch;

  /** When a viewer asked last, and what was kept last. */
  private static final class Watch {
    final LongSupplier nanoClock;
    volatile boolean viewed;
    volatile long lastViewNanos;
    volatile @Nullable WatchedImages last;

    Watch(LongSupplier nanoClock) {
      this.nanoClock = nanoClock;
    }
  }

  /**
   * Some images of a batch, as the model saw them.
   *
   * @param card the model
   * @param result what came of the whole batch, with what became of each token
   * @param numImages n, how many of its first images are here
   * @param pixels (n, S, S, 3) uint8, raw RGB
   * @param takenNanos when they were kept
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record WatchedImages(
      ModelCard card, BatchResult result, int numImages, byte[] pixels, long takenNanos) {}

  WatchedClassifier(BatchClassifier classifier, LongSupplier nanoClock) {
    this(classifier, new Watch(nanoClock));
  }

  private WatchedClassifier(BatchClassifier classifier, Watch watch) {
    this.classifier = classifier;
    this.watch = watch;
  }

  /** Watches classifiers together, each of which is closed with its own. */
  public static List<WatchedClassifier> together(List<BatchClassifier> classifiers) {
    Watch watch = new Watch(System::nanoTime);
    return classifiers.stream().map(each -> new WatchedClassifier(each, watch)).toList();
  }

  /** Says that a viewer asks now; may be called by any thread. */
  public void viewed() {
    watch.lastViewNanos = watch.nanoClock.getAsLong();
    watch.viewed = true;
  }

  /** Returns what was kept last; empty without a viewer. */
  public Optional<WatchedImages> last() {
    return Optional.ofNullable(watch.last);
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    if (!watch.viewed) {
      return classifier.classify(images, numImages, priorities, settings);
    }
    long now = watch.nanoClock.getAsLong();
    if (now - watch.lastViewNanos > VIEWER_TIMEOUT.toNanos()) {
      watch.viewed = false;
      watch.last = null;
      return classifier.classify(images, numImages, priorities, settings);
    }
    WatchedImages before = watch.last;
    if (before != null && now - before.takenNanos() < KEPT_INTERVAL.toNanos()) {
      return classifier.classify(images, numImages, priorities, settings);
    }
    BatchResult result = classifier.classifyInDetail(images, numImages, priorities, settings);
    int kept = Math.min(numImages, MAX_IMAGES);
    int size = card().imageSize();
    byte[] pixels = new byte[Math.multiplyExact(kept, 3 * size * size)];
    images.duplicate().clear().get(pixels);
    watch.last = new WatchedImages(card(), result, kept, pixels, now);
    return result;
  }

  @Override
  public BatchResult classifyInDetail(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    return classifier.classifyInDetail(images, numImages, priorities, settings);
  }

  @Override
  public ModelCard card() {
    return classifier.card();
  }

  @Override
  public int parallelRuns() {
    return classifier.parallelRuns();
  }

  @Override
  public boolean takesAllCores() {
    return classifier.takesAllCores();
  }

  @Override
  public boolean computesAllSlots() {
    return classifier.computesAllSlots();
  }

  @Override
  public void close() {
    classifier.close();
  }
}
