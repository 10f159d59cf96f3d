package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.CapacityController;
import java.util.function.Supplier;

/**
 * A way to choose operating points that is put to the test.
 *
 * @param name name in tables and files
 * @param controller makes a controller that has seen nothing yet
 * @param deadlines whether images are sent with the target as their deadline, so that they expire
 *     where they can no longer be answered in time
 */
public record Policy(String name, Supplier<CapacityController> controller, boolean deadlines) {

  /** Creates a policy under which every image is answered, however late. */
  public Policy(String name, Supplier<CapacityController> controller) {
    this(name, controller, false);
  }
}
