package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.core.batch.BatchRun;
import dev.vmoe.core.batch.Share;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.inference.WatchedClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.commit.QueuedRecord;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Images of one of the newest batches, as the model saw them, with their answers: kept only while
 * somebody looks, and shown once they are emitted.
 */
public final class NewestImages implements ImageObserver {

  private static final int BEST = 3;

  private final Supplier<WatchedClassifier> served;

  private final Encoder encoder;

  /** Guarded by this, which a stream thread may wait for: nothing slow under it. */
  private @Nullable Emitted emitted;

  /** Held by a viewer while pictures are encoded. */
  private final ReentrantLock looking = new ReentrantLock();

  private @Nullable Shown shown;

  /** Makes a PNG of pixels. */
  @FunctionalInterface
  interface Encoder {
    byte[] encode(byte[] rgb, int width, int height);
  }

  /** What was shown last, and its images by their index in the batch. */
  private record Shown(
      WatchedClassifier.WatchedImages sight, Map<Integer, ShownImage> images, ShownBatch batch) {}

  /** The images of a batch that have been emitted, by their index in it. */
  private record Emitted(
      WatchedClassifier.WatchedImages sight, BatchRun run, TreeMap<Integer, Origin> origins) {}

  private record Origin(String topic, int partition, long offset, @Nullable String label) {}

  /**
   * An image and its answer.
   *
   * @param topic topic that it came by
   * @param partition its partition there
   * @param offset its offset there
   * @param label its class, where the sender knew it
   * @param top the best classes, best first
   * @param png the picture that the model saw, after resizing
   * @param kept (L) times (T): of each token in each MoE layer the choices that found a slot
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record ShownImage(
      String topic,
      int partition,
      long offset,
      @Nullable String label,
      List<ScoredClass> top,
      byte[] png,
      List<byte[]> kept) {}

  /**
   * What is known of a batch's first images.
   *
   * @param id identifies the batch
   * @param card the model that it was run with
   * @param batchSize images of the whole batch
   * @param requestedCapacityRatio ratio that was asked for
   * @param effectiveCapacityRatio ratio in effect
   * @param expertsPerToken K
   * @param images those that are emitted so far, at least one
   */
  public record ShownBatch(
      String id,
      ModelCard card,
      int batchSize,
      double requestedCapacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      List<ShownImage> images) {}

  /**
   * Creates a view of what the model sees.
   *
   * @param served returns the model that the pipeline runs now
   */
  public NewestImages(Supplier<WatchedClassifier> served) {
    this(served, new LazyEncoder());
  }

  public NewestImages(Supplier<WatchedClassifier> served, Encoder encoder) {
    this.served = served;
    this.encoder = encoder;
  }

  /** Loads the encoder's library only where somebody looks. */
  private static final class LazyEncoder implements Encoder {
    private @Nullable PngEncoder encoder;

    @Override
    public byte[] encode(byte[] rgb, int width, int height) {
      if (encoder == null) {
        encoder = new PngEncoder();
      }
      return Objects.requireNonNull(encoder).encodeRgb(rgb, width, height);
    }
  }

  /** Takes over where the images of a share came from, if it belongs to the batch that is kept. */
  @Override
  @SuppressWarnings("ReferenceEquality") // the very run that was watched, not one like it
  public void emitted(Emission emission) {
    Share<QueuedRecord> share = emission.share();
    WatchedClassifier.WatchedImages sight = served.get().last().orElse(null);
    if (sight == null || share.run().result() != sight.result()) {
      return;
    }
    synchronized (this) {
      if (emitted == null || emitted.sight() != sight) {
        emitted = new Emitted(sight, share.run(), new TreeMap<>());
      }
      for (Answer<QueuedRecord> answer : share.answers()) {
        if (answer instanceof Answer.Classified<QueuedRecord> image
            && image.index() < sight.numImages()) {
          QueuedRecord record = image.origin();
          emitted
              .origins()
              .put(
                  image.index(),
                  new Origin(
                      record.position().topic(),
                      record.position().partition(),
                      record.position().offset(),
                      record.request().label()));
        }
      }
    }
  }

  /** Says that somebody looks; returns the newest batch, if one was kept yet. */
  public Optional<ShownBatch> look() {
    WatchedClassifier watched = served.get();
    watched.viewed();
    looking.lock();
    try {
      boolean stale = watched.last().isEmpty();
      Emitted now = snapshot(stale);
      if (stale) {
        shown = null; // what was there when somebody looked before
      }
      if (now != null && !now.origins().isEmpty()) {
        shown = shown(now, shown);
      }
      return Optional.ofNullable(shown).map(Shown::batch);
    } finally {
      looking.unlock();
    }
  }

  private synchronized @Nullable Emitted snapshot(boolean stale) {
    if (stale) {
      emitted = null;
    }
    return emitted == null
        ? null
        : new Emitted(emitted.sight(), emitted.run(), new TreeMap<>(emitted.origins()));
  }

  /** Returns what is to be seen now; images that were there before are not encoded again. */
  @SuppressWarnings("ReferenceEquality") // the very batch that was seen
  private Shown shown(Emitted now, @Nullable Shown before) {
    Map<Integer, ShownImage> known = Map.of();
    if (before != null && before.sight() == now.sight()) {
      if (before.images().size() == now.origins().size()) {
        return before;
      }
      known = before.images();
    }
    Map<Integer, ShownImage> images = new TreeMap<>(known);
    now.origins()
        .forEach(
            (index, origin) ->
                images.computeIfAbsent(index, absent -> image(now.sight(), absent, origin)));
    return new Shown(now.sight(), images, batch(now, List.copyOf(images.values())));
  }

  private static ShownBatch batch(Emitted now, List<ShownImage> images) {
    BatchResult result = now.sight().result();
    return new ShownBatch(
        now.run().id(),
        now.sight().card(),
        now.run().numImages(),
        result.settings().capacityRatio(),
        result.effectiveCapacityRatio(),
        result.settings().expertsPerToken(),
        images);
  }

  private ShownImage image(WatchedClassifier.WatchedImages sight, int index, Origin origin) {
    BatchResult result = sight.result();
    ModelCard card = sight.card();
    int size = card.imageSize();
    int bytes = 3 * size * size;
    List<byte[]> kept = new ArrayList<>();
    if (result.kept().length > 0) {
      for (int layer = 0; layer < card.numLayers(); layer++) {
        kept.add(result.kept(index, layer));
      }
    }
    return new ShownImage(
        origin.topic(),
        origin.partition(),
        origin.offset(),
        origin.label(),
        ScoredClass.top(card, result.logits()[index], BEST),
        encoder.encode(
            Arrays.copyOfRange(sight.pixels(), index * bytes, (index + 1) * bytes), size, size),
        kept);
  }
}
