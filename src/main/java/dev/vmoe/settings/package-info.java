/**
 * Settings file and environment as typed, validated values; the kind of thread that all use.
 *
 * <p>May use: {@code moe capacity}.
 */
@NullMarked
package dev.vmoe.settings;

import org.jspecify.annotations.NullMarked;
