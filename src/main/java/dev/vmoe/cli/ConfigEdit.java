package dev.vmoe.cli;

import dev.vmoe.capacity.QualityProfile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.settings.LiveSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.LearnedControllers;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A change of some settings of the configuration; the others stay as they are.
 *
 * @param wanted new value by setting, as the settings write it; an empty text gives the setting
 *     back to the settings file
 */
record ConfigEdit(Map<String, String> wanted) implements UnaryOperator<Map<String, String>> {

  /** Gives a setting back to the settings file, as an empty text does. */
  private static final String DEFAULT = "default";

  /**
   * Checks each key and value by itself.
   *
   * @throws IllegalArgumentException if one is wrong
   */
  ConfigEdit {
    Map<String, String> canonical = new LinkedHashMap<>();
    wanted.forEach(
        (key, value) -> {
          LiveSettings.requireKey(key);
          boolean given = !value.isEmpty() && !value.equals(DEFAULT);
          canonical.put(key, given ? LiveSettings.canonical(key, value) : "");
        });
    wanted = canonical;
  }

  @Override
  public Map<String, String> apply(Map<String, String> inForce) {
    wanted.forEach(
        (key, value) -> {
          if (value.isEmpty()) {
            inForce.remove(key);
          } else {
            inForce.put(key, value);
          }
        });
    return inForce;
  }

  /**
   * Returns the check that every instance makes before it takes settings over, but for the one
   * against its own memory, which nobody else knows.
   *
   * @param file settings of the instance
   * @param quality the model's quality profile; null where there is none
   */
  static UnaryOperator<LiveSettings> check(
      ModelCard card, Settings file, @Nullable QualityProfile quality) {
    return live -> {
      LiveSettings complete = live.forModel(card);
      LearnedControllers.check(complete, file, quality, card);
      return complete;
    };
  }
}
