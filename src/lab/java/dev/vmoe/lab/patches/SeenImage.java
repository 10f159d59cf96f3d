package dev.vmoe.lab.patches;

import org.jspecify.annotations.Nullable;

/**
 * An image as the model sees it: decoded, turned upright and brought to size.
 *
 * @param name file, or number within a set
 * @param label class it is known to show; null if that is not known
 * @param pixels (S, S, 3) uint8, RGB; not copied
 */
@SuppressWarnings("ArrayRecordComponent")
public record SeenImage(String name, @Nullable String label, byte[] pixels) {}
