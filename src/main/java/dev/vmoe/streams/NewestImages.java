package dev.vmoe.streams;

import dev.vmoe.batch.Answer;
import dev.vmoe.batch.BatchRun;
import dev.vmoe.batch.Share;
import dev.vmoe.image.PngEncoder;
import dev.vmoe.inference.DetailedResult;
import dev.vmoe.inference.ScoredClass;
import dev.vmoe.inference.WatchedClassifier;
import dev.vmoe.moe.ModelCard;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Images of one of the newest batches, as the model saw them, with their answers: kept only while
 * somebody looks, and shown once they are emitted.
 */
public final class NewestImages {

  private static final int BEST = 3;

  private final Supplier<WatchedClassifier> served;

  private @Nullable Emitted emitted;
  private @Nullable Batch shown;
  private @Nullable PngEncoder encoder;

  /** The images of a batch that have been emitted, by their index in it. */
  private record Emitted(
      WatchedClassifier.Sight sight, BatchRun run, TreeMap<Integer, Origin> origins) {}

  private record Origin(int partition, long offset, @Nullable String label) {}

  /**
   * An image and its answer.
   *
   * @param partition partition of the images topic that it came in
   * @param offset its offset there
   * @param label its class, where the sender knew it
   * @param top the best classes, best first
   * @param png the picture that the model saw, after resizing
   * @param kept (L) times (T): of each token in each MoE layer the choices that found a slot
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Image(
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
  public record Batch(
      String id,
      ModelCard card,
      int batchSize,
      double requestedCapacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      List<Image> images) {}

  /**
   * Creates a view of what the model sees.
   *
   * @param served returns the model that the pipeline runs now
   */
  NewestImages(Supplier<WatchedClassifier> served) {
    this.served = served;
  }

  /** Takes over where the images of a share came from, if it belongs to the batch that is kept. */
  @SuppressWarnings("ReferenceEquality") // the very run that was watched, not one like it
  void emitted(Share<Waiting> share) {
    WatchedClassifier.Sight sight = served.get().last().orElse(null);
    if (sight == null || share.run().result() != sight.detail().result()) {
      return;
    }
    synchronized (this) {
      if (emitted == null || emitted.sight() != sight) {
        emitted = new Emitted(sight, share.run(), new TreeMap<>());
      }
      for (Answer<Waiting> answer : share.answers()) {
        if (answer instanceof Answer.Classified<Waiting> image
            && image.index() < sight.numImages()) {
          Waiting waiting = image.origin();
          emitted
              .origins()
              .put(
                  image.index(),
                  new Origin(
                      waiting.position().partition(),
                      waiting.position().offset(),
                      waiting.label()));
        }
      }
    }
  }

  /** Says that somebody looks, and returns what there is to be seen, if there is something yet. */
  public synchronized Optional<Batch> look() {
    WatchedClassifier watched = served.get();
    watched.look();
    if (watched.last().isEmpty()) {
      emitted = null; // what was there when somebody looked before
      shown = null;
    }
    Emitted now = emitted;
    if (now == null || now.origins().isEmpty()) {
      return Optional.ofNullable(shown);
    }
    if (shown == null
        || !shown.id().equals(now.run().id())
        || shown.images().size() < now.origins().size()) {
      shown = batch(now);
    }
    return Optional.of(shown);
  }

  private Batch batch(Emitted now) {
    DetailedResult detail = now.sight().detail();
    List<Image> images = new ArrayList<>();
    now.origins().forEach((index, origin) -> images.add(image(now.sight(), index, origin)));
    return new Batch(
        now.run().id(),
        now.sight().card(),
        now.run().numImages(),
        detail.result().settings().capacityRatio(),
        detail.result().effectiveCapacityRatio(),
        detail.result().settings().expertsPerToken(),
        List.copyOf(images));
  }

  private Image image(WatchedClassifier.Sight sight, int index, Origin origin) {
    DetailedResult detail = sight.detail();
    ModelCard card = sight.card();
    int size = card.imageSize();
    int bytes = 3 * size * size;
    List<byte[]> kept = new ArrayList<>();
    if (detail.kept().length > 0) {
      for (int layer = 0; layer < card.numLayers(); layer++) {
        kept.add(detail.kept(index, layer));
      }
    }
    return new Image(
        origin.partition(),
        origin.offset(),
        origin.label(),
        ScoredClass.top(card, detail.result().logits()[index], BEST),
        encoder()
            .encodeRgb(
                Arrays.copyOfRange(sight.pixels(), index * bytes, (index + 1) * bytes), size, size),
        kept);
  }

  private PngEncoder encoder() {
    if (encoder == null) {
      encoder = new PngEncoder();
    }
    return Objects.requireNonNull(encoder);
  }
}
