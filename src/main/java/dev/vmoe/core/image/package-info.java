/** Decodes images into slots of a batch buffer, and encodes PNG. */
@NullMarked
package dev.vmoe.core.image;

import org.jspecify.annotations.NullMarked;
