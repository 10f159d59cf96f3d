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
 * A classifier that can be watched: while somebody looks, it keeps the first images of a batch now
 * and then as the model saw them, with what became of each token. While nobody looks it copies
 * nothing and fetches nothing more. Of classifiers that are watched together, the last look and the
 * last batch count for all.
 */
public final class WatchedClassifier implements BatchClassifier {

  /** Maximum images that are kept. */
  static final int MAX_IMAGES = 12;

  /** A viewer that has not asked for this long has gone. */
  static final Duration LOOKING = Duration.ofSeconds(5);

  /** Time between two batches that are kept. */
  static final Duration EVERY = Duration.ofSeconds(1);

  private final BatchClassifier classifier;
  private final Watch watch;

  /** Who looks, and what there is to be seen. */
  private static final class Watch {
    final LongSupplier nanoClock;
    volatile boolean asked;
    volatile long askedNanos;
    volatile @Nullable Sight last;

    Watch(LongSupplier nanoClock) {
      this.nanoClock = nanoClock;
    }
  }

  /**
   * Some images of a batch, as the model saw them.
   *
   * @param card the model
   * @param detail what came of the whole batch
   * @param numImages n, how many of its first images are here
   * @param pixels (n, S, S, 3) uint8, raw RGB
   * @param takenNanos when they were kept
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Sight(
      ModelCard card, DetailedResult detail, int numImages, byte[] pixels, long takenNanos) {}

  /** Watches a classifier, which is closed with this one. */
  public WatchedClassifier(BatchClassifier classifier) {
    this(classifier, System::nanoTime);
  }

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

  /** Says that somebody looks now; may be called by any thread. */
  public void look() {
    watch.askedNanos = watch.nanoClock.getAsLong();
    watch.asked = true;
  }

  /** Returns what was kept last; empty while nobody looks. */
  public Optional<Sight> last() {
    return Optional.ofNullable(watch.last);
  }

  @Override
  public BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    if (!watch.asked) {
      return classifier.classify(images, numImages, priorities, settings);
    }
    long now = watch.nanoClock.getAsLong();
    if (now - watch.askedNanos > LOOKING.toNanos()) {
      watch.asked = false;
      watch.last = null;
      return classifier.classify(images, numImages, priorities, settings);
    }
    Sight before = watch.last;
    if (before != null && now - before.takenNanos() < EVERY.toNanos()) {
      return classifier.classify(images, numImages, priorities, settings);
    }
    DetailedResult detail = classifier.classifyInDetail(images, numImages, priorities, settings);
    int kept = Math.min(numImages, MAX_IMAGES);
    int size = card().imageSize();
    byte[] pixels = new byte[Math.multiplyExact(kept, 3 * size * size)];
    images.duplicate().clear().get(pixels);
    watch.last = new Sight(card(), detail, kept, pixels, now);
    return detail.result();
  }

  @Override
  public DetailedResult classifyInDetail(
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
