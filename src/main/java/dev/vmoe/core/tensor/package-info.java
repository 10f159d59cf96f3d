/** Immutable shaped arrays; 16-bit floats. */
@NullMarked
package dev.vmoe.core.tensor;

import org.jspecify.annotations.NullMarked;
