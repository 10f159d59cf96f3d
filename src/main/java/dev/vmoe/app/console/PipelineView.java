package dev.vmoe.app.console;

import dev.vmoe.streams.config.ConfigConflictException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A running pipeline as the live page shows it, besides its metrics. Its methods are called for
 * each request, on any thread.
 */
public interface PipelineView {

  /** Returns the configuration in force. */
  Configuration configuration();

  /** Returns the last dead letters, the newest first. */
  List<DeadLetterView> deadLetters();

  /** Returns images of one of the newest batches. A call makes it keep some for the next call. */
  Optional<BatchView> images();

  /** Returns whether {@link #change} may be called. */
  boolean writable();

  /**
   * Changes the configuration of all instances.
   *
   * @return a text for the user about what was done
   * @throws IllegalArgumentException if the change is not valid; the message says why
   * @throws ConfigConflictException if the configuration in force is not the one that is changed
   */
  String change(ConfigurationChange change);

  /**
   * A dead letter.
   *
   * @param timeMs time of emission, in milliseconds since 1970
   * @param topic topic that the record stood in
   * @param partition its partition there
   * @param offset its offset there
   * @param reason why there is no answer
   */
  record DeadLetterView(long timeMs, String topic, int partition, long offset, String reason) {}

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
   * @param topic topic that it came by
   * @param partition its partition there
   * @param offset its offset there
   * @param label its class, if the sender knew it
   * @param top the best classes, best first
   * @param png the picture that the model saw, in base 64
   * @param kept (L) texts of (P) digits: for each MoE layer and patch, by rows, the number of
   *     choices that found a slot; empty for a dense model
   */
  record ImageView(
      String topic,
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
   * @param model name of the model that it was run with
   * @param batchSize images of the whole batch
   * @param requestedCapacityRatio requested capacity ratio
   * @param effectiveCapacityRatio effective capacity ratio
   * @param expertsPerToken K
   * @param blocks encoder block of each MoE layer
   * @param columns patches in a row
   * @param images some of its images
   */
  record BatchView(
      String id,
      String model,
      int batchSize,
      double requestedCapacityRatio,
      double effectiveCapacityRatio,
      int expertsPerToken,
      List<Integer> blocks,
      int columns,
      List<ImageView> images) {}
}
