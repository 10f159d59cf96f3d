package dev.vmoe.instance;

import dev.vmoe.batch.BufferRoom;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Where a pipeline has its models from. */
public interface ModelSource {

  /**
   * Returns settings complete for the model that they name, having checked all that can be checked
   * without loading it. Takes a while where its graph has to be made first.
   *
   * @throws IllegalArgumentException if nobody can run with them, saying why
   */
  LiveSettings complete(LiveSettings settings);

  /**
   * Loads the model that complete settings name, warms it up and learns what it costs; beside the
   * model that is served, if one is. Takes as long as it takes, on a thread that nobody waits for.
   *
   * @throws IllegalArgumentException if it cannot be loaded, or does not fit, saying why
   * @throws dev.vmoe.inference.InferenceException if the runtime refuses it
   */
  LoadedModel load(LiveSettings settings);

  /**
   * Checks that settings name the one model that an instance has.
   *
   * @param named what the settings file calls it; null where it names none
   * @throws IllegalArgumentException if they name another one
   */
  static void requireOnly(@Nullable String named, ModelCard card, LiveSettings settings) {
    if (!Objects.equals(settings.model(), named)) {
      throw new IllegalArgumentException(
          "model: this instance runs "
              + card.name()
              + " as long as it lives and cannot change to "
              + settings.model());
    }
  }

  /**
   * Returns a source of one model, which stays the caller's to close; settings that name another
   * one are refused.
   *
   * @param named what the settings file calls it; null where it names none
   */
  static ModelSource only(
      @Nullable String named,
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory controllers) {
    return new ModelSource() {
      @Override
      public LiveSettings complete(LiveSettings settings) {
        requireOnly(named, classifier.card(), settings);
        return BufferRoom.runnable(settings, classifier.card());
      }

      @Override
      public LoadedModel load(LiveSettings settings) {
        return new LoadedModel(
            classifier,
            decoder,
            controllers,
            it -> BufferRoom.runnable(it, classifier.card()),
            () -> {});
      }
    };
  }
}
