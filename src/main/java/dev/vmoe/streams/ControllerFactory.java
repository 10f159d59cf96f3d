package dev.vmoe.streams;

import dev.vmoe.capacity.CapacityController;
import dev.vmoe.capacity.FixedCapacity;
import dev.vmoe.settings.CapacityMode;
import dev.vmoe.settings.LiveSettings;

/** Makes the capacity controller that the settings ask for, whenever they change. */
@FunctionalInterface
public interface ControllerFactory {

  /**
   * Returns a controller.
   *
   * @param settings what is about to be in force; every K is known
   * @throws IllegalArgumentException if no controller can work with them; the settings are then
   *     refused with its message
   */
  CapacityController create(LiveSettings settings);

  /** Returns a factory for both modes, of which this one makes the adaptive controllers. */
  static ControllerFactory withAdaptive(ControllerFactory adaptive) {
    return settings ->
        settings.capacity().mode() == CapacityMode.FIXED
            ? new FixedCapacity(settings.capacity().point(), settings.capacity().routing())
            : adaptive.create(settings);
  }

  /** Returns a factory that refuses adaptive mode. */
  static ControllerFactory fixedOnly() {
    return withAdaptive(
        settings -> {
          throw new IllegalArgumentException(
              "capacity.mode adaptive: this instance has no adaptive controller");
        });
  }
}
