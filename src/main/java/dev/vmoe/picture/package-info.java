/**
 * Pictures without a display: a canvas that writes SVG, and the grid of an image's patches.
 *
 * <p>May use: {@code moe}.
 */
@NullMarked
package dev.vmoe.picture;

import org.jspecify.annotations.NullMarked;
