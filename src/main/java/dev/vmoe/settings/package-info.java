/** Settings file and environment as typed, validated values. */
@NullMarked
package dev.vmoe.settings;

import org.jspecify.annotations.NullMarked;
