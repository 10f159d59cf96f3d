package dev.vmoe.streams.config;

import dev.vmoe.streams.settings.LiveSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A change of some settings of the configuration; the others stay as they are.
 *
 * @param wanted new value by setting, as the settings write it; an empty text gives the setting
 *     back to the settings file
 */
public record ConfigEdit(Map<String, String> wanted) implements UnaryOperator<Map<String, String>> {

  /** Gives a setting back to the settings file, as an empty text does. */
  private static final String DEFAULT = "default";

  /**
   * Checks each key and value by itself.
   *
   * @throws IllegalArgumentException if one is wrong
   */
  public ConfigEdit {
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
}
