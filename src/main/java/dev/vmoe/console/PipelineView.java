package dev.vmoe.console;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the live page shows of a running pipeline beside its metrics; asked at each request, from
 * any thread.
 */
public interface PipelineView {

  /** Returns what is in force. */
  Configuration configuration();

  /** Returns the last dead letters, the newest first. */
  List<DeadLetter> deadLetters();

  /** Returns images of one of the newest batches; being asked, it keeps some for the next time. */
  Optional<Batch> images();

  /** Returns whether {@link #change} may be called. */
  boolean writable();

  /**
   * Changes the configuration of all instances.
   *
   * @return what was done, for whoever asked for it
   * @throws IllegalArgumentException if it is not valid, saying why
   * @throws ConflictException if another configuration is in force than the change was made to
   */
  String change(Change change);

  /**
   * A dead letter.
   *
   * @param timeMs when it was emitted, in milliseconds since 1970
   * @param partition partition of the images topic that the record stood in
   * @param offset its offset there
   * @param reason why there is no answer
   */
  record DeadLetter(long timeMs, int partition, long offset, String reason) {}

  /**
   * A class of an answer.
   *
   * @param label name of the class
   * @param score between 0 and 1
   */
  record Score(String label, double score) {}

  /**
   * An image and its answer.
   *
   * @param partition partition of the images topic that it came in
   * @param offset its offset there
   * @param label its class, where the sender knew it
   * @param top the best classes, best first
   * @param png the picture that the model saw, in base 64
   * @param kept (L) texts of (P) digits: of each patch in each MoE layer, by rows, the choices that
   *     found a slot; empty for a dense model
   */
  record Image(
      int partition,
      long offset,
      @Nullable String label,
      List<Score> top,
      String png,
      List<String> kept) {}

  /**
   * Images of a batch.
   *
   * @param id identifies the batch
   * @param batchSize images of the whole batch
   * @param requestedCapacityRatio ratio that was asked for
   * @param effectiveCapacityRatio ratio in effect
   * @param expertsPerToken K
   * @param blocks encoder block of each MoE layer
   * @param columns patches in a row
   * @param images some of its images
   */
  record Batch(
      String id,
      int batchSize,
      double requestedCapacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      List<Integer> blocks,
      int columns,
      List<Image> images) {}
}
