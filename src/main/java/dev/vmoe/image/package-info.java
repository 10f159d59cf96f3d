/** Encoded images into slots of a batch buffer. */
@NullMarked
package dev.vmoe.image;

import org.jspecify.annotations.NullMarked;
