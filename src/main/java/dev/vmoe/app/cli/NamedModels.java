package dev.vmoe.app.cli;

import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.models.FileSums;
import dev.vmoe.streams.models.ModelFiles;
import dev.vmoe.streams.models.ModelFolder;
import dev.vmoe.streams.models.ServedFiles;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.ModelName;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Checks the models that configuration records name, as instances do and as far as this machine can
 * see them.
 */
final class NamedModels {

  private final Settings settings;
  private final Consumer<String> warnings;
  private final Map<String, Optional<ModelFiles>> seen = new HashMap<>();

  /** Models that could be loaded, or whose folder cannot be seen. */
  private final Set<String> loaded = new HashSet<>();

  /**
   * Creates a check that has loaded nothing yet.
   *
   * @param settings of the instances
   * @param warnings told what cannot be seen from here
   */
  NamedModels(Settings settings, Consumer<String> warnings) {
    this.settings = settings;
    this.warnings = warnings;
  }

  /**
   * Completes settings as instances do before they load anything. If a model cannot be seen from
   * here, they stay as they are. A model's name has to be in the models' folder, if that can be
   * seen.
   *
   * @throws IllegalArgumentException if the models cannot run with them
   */
  LiveSettings complete(LiveSettings live) {
    String model = live.model();
    if (model == null) {
      return live;
    }
    List<ModelFiles> models = new ArrayList<>();
    for (String name : named(model, live.beside())) {
      Optional<ModelFiles> files = seen.get(name);
      if (files == null) {
        files = files(name);
        seen.put(name, files);
      }
      files.ifPresent(models::add);
    }
    return models.size() == 1 + live.beside().size()
        ? new ServedFiles(models).complete(live, settings)
        : live;
  }

  private static List<String> named(@Nullable String model, List<String> beside) {
    List<String> names = new ArrayList<>(beside);
    if (model != null) {
      names.add(0, model);
    }
    return names;
  }

  private Optional<ModelFiles> files(String model) {
    try {
      return Optional.of(ModelFiles.of(settings, model));
    } catch (IOException | RuntimeException e) {
      if (ModelName.isName(model) && hasFolder()) {
        throw new IllegalArgumentException("model: " + ErrorText.of(e), e);
      }
      warnings.accept(
          "K and bounds are not checked against the model, which cannot be read here: "
              + ErrorText.of(e));
      return Optional.empty();
    }
  }

  private boolean hasFolder() {
    try {
      ModelFolder.of(settings);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Loads the models that a record names, or puts in force, once, on the CPU; if their folder
   * cannot be seen, nothing.
   *
   * @throws IllegalArgumentException if one cannot be loaded
   */
  LiveSettings inForce(ConfigEntry entry) {
    LiveSettings live = entry.requireSettings();
    boolean ladder =
        entry.overrides().containsKey(Settings.MODELS_LADDER)
            || entry.overrides().containsKey(Settings.CAPACITY_MODE);
    List<String> models =
        named(entry.overrides().get(Settings.MODEL), ladder ? live.beside() : List.of());
    for (String model : models) {
      if (loaded.contains(model)) {
        continue;
      }
      try {
        requireLoadable(model);
      } catch (IllegalArgumentException e) {
        if (entry.isWritten()) {
          warnings.accept(
              "configuration %d counts as refused, and the one before it as in force: %s"
                  .formatted(entry.offset(), e.getMessage()));
        }
        throw e;
      }
      loaded.add(model);
    }
    return live;
  }

  private void requireLoadable(String model) {
    ModelName.require(model);
    if (!hasFolder()) {
      return;
    }
    try {
      ModelFiles files = ModelFiles.of(settings, model);
      FileSums.checkGraph(files.graph());
      VmoeSession.open(files.graph(), new SessionSettings(Device.CPU, 0, false, List.of())).close();
    } catch (IOException | InferenceException e) {
      throw new IllegalArgumentException("model: " + ErrorText.of(e), e);
    }
  }
}
