package dev.vmoe.instance;

import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.ModelCard;

/**
 * A model that is ready to be served, with what belongs to it.
 *
 * @param classifier the model, warmed up
 * @param decoder makes its input of images
 * @param controllers choose operating points by what this model costs and how good it is
 * @param giveBack closes what was opened for it
 */
public record LoadedModel(
    BatchClassifier classifier,
    ImageDecoder decoder,
    ControllerFactory controllers,
    Runnable giveBack)
    implements AutoCloseable {

  /** Returns what the model says about itself. */
  ModelCard card() {
    return classifier.card();
  }

  @Override
  public void close() {
    giveBack.run();
  }
}
