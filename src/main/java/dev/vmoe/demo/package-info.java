/**
 * The demo: broker, registry and pipeline in one process, with the bundled images as load.
 *
 * <p>May use: {@code moe image inference capacity settings event metrics topics output dataset
 * modelstore console instance client embedded}.
 */
@NullMarked
package dev.vmoe.demo;

import org.jspecify.annotations.NullMarked;
