package dev.vmoe.config;

import dev.vmoe.inference.Device;
import dev.vmoe.inference.InferenceException;
import dev.vmoe.inference.SessionSettings;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.modelstore.FileSums;
import dev.vmoe.modelstore.ModelFiles;
import dev.vmoe.modelstore.ModelFolder;
import dev.vmoe.output.ErrorText;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.ModelName;
import dev.vmoe.settings.Settings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * The models that configuration records name, judged as instances do, as far as this machine can
 * see them.
 */
public final class NamedModels {

  private final Settings settings;
  private final Consumer<String> warnings;
  private final Map<String, Optional<ModelFiles>> seen = new HashMap<>();

  /**
   * Creates a judge.
   *
   * @param settings of the instances
   * @param warnings told what cannot be seen from here
   */
  public NamedModels(Settings settings, Consumer<String> warnings) {
    this.settings = settings;
    this.warnings = warnings;
  }

  /**
   * Completes settings as instances do before they load anything; leaves them as they are where the
   * model cannot be seen. A name is looked up in the models' folder: where that is here and has no
   * such model, nobody has.
   *
   * @throws IllegalArgumentException if the model cannot run with them
   */
  public LiveSettings check(LiveSettings live) {
    String model = live.model();
    if (model == null) {
      return live;
    }
    Optional<ModelFiles> files = seen.get(model);
    if (files == null) {
      files = files(model);
      seen.put(model, files);
    }
    return files.map(its -> its.complete(live, settings)).orElse(live);
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

  /** Returns an edit whose outcome names no model that no instance could load. */
  public UnaryOperator<Map<String, String>> loadable(UnaryOperator<Map<String, String>> edit) {
    return inForce -> {
      Map<String, String> outcome = edit.apply(inForce);
      String model = outcome.get(Settings.MODEL);
      if (model != null) {
        requireLoadable(model);
      }
      return outcome;
    };
  }

  /**
   * Loads the model of the last valid record: if that fails, the record is refused, and the one
   * before is looked at.
   *
   * @param entries all records, oldest first
   * @return the same, those refused of which it was found out
   */
  public List<ConfigEntry> judged(List<ConfigEntry> entries) {
    List<ConfigEntry> judged = new ArrayList<>(entries);
    for (int i = judged.size() - 1; i >= 0; i--) {
      ConfigEntry entry = judged.get(i);
      if (entry.refusal() != null) {
        continue;
      }
      try {
        String model = entry.overrides().get(Settings.MODEL);
        if (model != null) {
          requireLoadable(model);
        }
        return judged;
      } catch (IllegalArgumentException e) {
        judged.set(i, entry.refused(ErrorText.of(e)));
      }
    }
    return judged;
  }

  /** Loads a model on the CPU, where its folder can be seen, and closes it. */
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
