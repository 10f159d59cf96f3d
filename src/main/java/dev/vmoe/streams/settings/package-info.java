/** Settings file and environment as typed, validated values; the kind of thread that all use. */
@NullMarked
package dev.vmoe.streams.settings;

import org.jspecify.annotations.NullMarked;
