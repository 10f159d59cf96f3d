/**
 * Immutable shaped arrays; 16-bit floats.
 *
 * <p>May use: none of the others.
 */
@NullMarked
package dev.vmoe.tensor;

import org.jspecify.annotations.NullMarked;
