package dev.vmoe.streams.config;

import dev.vmoe.streams.settings.LiveSettings;

/** Tries a record as an instance does that puts it in force: above all, loads its model. */
@FunctionalInterface
public interface ConfigCheck {

  /** Tries nothing: a record that was understood is taken to be valid. */
  ConfigCheck UNTRIED = ConfigEntry::requireSettings;

  /**
   * Returns the settings that are in force with a record, complete for their model.
   *
   * @param entry a record that was understood
   * @throws RuntimeException if an instance refuses it; an {@link IllegalArgumentException} or
   *     {@link dev.vmoe.core.inference.InferenceException} says why
   */
  LiveSettings inForce(ConfigEntry entry);
}
