package dev.vmoe.instance;

import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import java.util.function.UnaryOperator;

/**
 * A model that is ready to be served, with what belongs to it.
 *
 * @param classifier the model, warmed up
 * @param decoder makes its input of images
 * @param controllers choose operating points by what this model costs and how good it is
 * @param check completes settings for this very model, or refuses them with an {@link
 *     IllegalArgumentException}; looks at no file, which may have gone or changed
 * @param giveBack closes what was opened for it
 */
public record LoadedModel(
    BatchClassifier classifier,
    ImageDecoder decoder,
    ControllerFactory controllers,
    UnaryOperator<LiveSettings> check,
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
