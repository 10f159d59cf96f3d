/** Pictures without a display: a canvas that writes SVG, and the grid of an image's patches. */
@NullMarked
package dev.vmoe.app.picture;

import org.jspecify.annotations.NullMarked;
