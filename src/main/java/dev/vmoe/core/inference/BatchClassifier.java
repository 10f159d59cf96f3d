package dev.vmoe.core.inference;

import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;

/**
 * Classifies batches of decoded images; at most {@link #parallelRuns()} calls at a time.
 *
 * <p>Axes: B images, H = W the model's image size.
 */
public interface BatchClassifier extends AutoCloseable {

  /** Returns what the loaded model says about itself. */
  ModelCard card();

  /**
   * Runs the model.
   *
   * @param images (B, H, W, 3) uint8, raw RGB, a direct buffer; read from its start
   * @param numImages B, at least 1
   * @param priorities (B), how much each image matters, as {@link ImagePriority} has it; without
   *     effect in vanilla order and on a dense model
   * @param settings operating point and routing of this run
   * @throws IllegalArgumentException if the settings are outside the model's bounds, or a priority
   *     outside its own
   * @throws InferenceException if the runtime fails
   */
  BatchResult classify(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings);

  /** Runs the model on images none of which matters more than the others. */
  default BatchResult classify(ByteBuffer images, int numImages, RoutingSettings settings) {
    return classify(images, numImages, ImagePriority.equal(numImages), settings);
  }

  /**
   * Runs the model as {@link #classify} does, and says of each token how many of its choices found
   * a slot, where the classifier can tell.
   */
  default BatchResult classifyInDetail(
      ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
    return classify(images, numImages, priorities, settings);
  }

  /** Returns how many runs may go on at once; they share the device. */
  default int parallelRuns() {
    return 1;
  }

  /** Returns whether a run keeps every core busy, so that other work beside it only slows it. */
  default boolean takesAllCores() {
    return false;
  }

  /**
   * Returns whether experts compute all of their slots, as in a graph for CUDA; else exactly the
   * rows that claimed one. A guess by the device: each graph runs on the other one, too.
   */
  default boolean computesAllSlots() {
    return false;
  }

  @Override
  void close();
}
