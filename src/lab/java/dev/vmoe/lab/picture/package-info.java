/** Pictures without a display: text in SVG and HTML, and a canvas that writes SVG. */
@NullMarked
package dev.vmoe.lab.picture;

import org.jspecify.annotations.NullMarked;
