/**
 * Pictures without a display: a canvas that writes SVG or PNG, and the grid of an image's patches.
 *
 * <p>May use: {@code moe image}.
 */
@NullMarked
package dev.vmoe.picture;

import org.jspecify.annotations.NullMarked;
