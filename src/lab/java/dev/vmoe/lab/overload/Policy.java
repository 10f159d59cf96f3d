package dev.vmoe.lab.overload;

import dev.vmoe.capacity.CapacityController;
import java.util.function.Supplier;

/**
 * A way to choose operating points that is put to the test.
 *
 * @param name name in tables and files
 * @param controller makes a controller that has seen nothing yet
 */
public record Policy(String name, Supplier<CapacityController> controller) {}
