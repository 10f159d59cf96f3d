/**
 * Decodes images into slots of a batch buffer, and encodes PNG.
 *
 * <p>May use: {@code moe}.
 */
@NullMarked
package dev.vmoe.image;

import org.jspecify.annotations.NullMarked;
