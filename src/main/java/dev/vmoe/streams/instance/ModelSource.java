package dev.vmoe.streams.instance;

import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.streams.settings.LiveSettings;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Loads the models of a pipeline. */
public interface ModelSource {

  /**
   * Returns settings complete for the model that they name, having checked all that can be checked
   * without loading it. Takes a while where its graph has to be made first.
   *
   * @throws IllegalArgumentException if this instance cannot run with them, saying why
   */
  LiveSettings complete(LiveSettings settings);

  /**
   * Checks settings as {@link #complete} does, loads the models that they name, warms them up and
   * learns what they cost; beside those that are served, if there are some. There is no time limit,
   * so it runs on a thread of its own.
   *
   * @param settings not complete yet
   * @throws IllegalArgumentException if this instance cannot run with them, or the model cannot be
   *     loaded or does not fit, saying why
   * @throws dev.vmoe.core.inference.InferenceException if the runtime refuses it
   */
  LoadedModel load(LiveSettings settings);

  /**
   * Returns a source of one model, which stays the caller's to close; settings that name another
   * one, or one beside it, are refused.
   *
   * @param named what the settings file calls it; null where it names none
   */
  static ModelSource only(
      @Nullable String named,
      BatchClassifier classifier,
      ImageDecoder decoder,
      ControllerFactory controllers) {
    return only(named, new LoadedModel(classifier, decoder, controllers, () -> {}));
  }

  /**
   * Returns a source of what is loaded already: a model, or several beside each other. Settings
   * that name another one are refused, and so is a ladder.
   *
   * @param named what the settings file calls the first model; null where it names none
   */
  static ModelSource only(@Nullable String named, LoadedModel loaded) {
    return new ModelSource() {
      @Override
      public LiveSettings complete(LiveSettings settings) {
        if (!Objects.equals(settings.model(), named) || !settings.beside().isEmpty()) {
          throw new IllegalArgumentException(
              "model: this instance runs "
                  + loaded.names()
                  + " as long as it lives and cannot change to "
                  + settings.modelsText());
        }
        LiveSettings complete = settings.runnable(loaded.cards(), loaded.parallelRuns());
        loaded.controllers().check(complete);
        return complete;
      }

      @Override
      public LoadedModel load(LiveSettings settings) {
        complete(settings);
        return loaded;
      }
    };
  }
}
