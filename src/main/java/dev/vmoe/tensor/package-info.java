/** Immutable shaped arrays. */
@NullMarked
package dev.vmoe.tensor;

import org.jspecify.annotations.NullMarked;
