/**
 * Settings file and environment as typed, validated values.
 *
 * <p>May use: {@code moe capacity}.
 */
@NullMarked
package dev.vmoe.settings;

import org.jspecify.annotations.NullMarked;
