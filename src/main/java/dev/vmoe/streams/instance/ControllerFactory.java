package dev.vmoe.streams.instance;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.FixedCapacity;
import dev.vmoe.streams.settings.LiveSettings;

/**
 * Makes the capacity controller that the settings ask for, whenever their {@linkplain
 * LiveSettings#controllerInputs controller's part} changes.
 */
@FunctionalInterface
public interface ControllerFactory {

  /**
   * Returns a controller. It may depend on {@link LiveSettings#controllerInputs} alone: it is kept
   * under other settings that have the same ones.
   *
   * @param settings what is about to be in force; every K is known
   * @throws IllegalArgumentException if no controller can work with them; the settings are then
   *     refused with its message
   */
  CapacityController create(LiveSettings settings);

  /**
   * Checks settings as {@link #create} does, for a controller that is kept.
   *
   * @throws IllegalArgumentException if no controller can work with them
   */
  default void check(LiveSettings settings) {}

  /** Returns a factory of controllers that stay at the fixed point, whatever the mode. */
  static ControllerFactory fixed() {
    return settings ->
        new FixedCapacity(settings.capacity().point(), settings.capacity().routing());
  }
}
