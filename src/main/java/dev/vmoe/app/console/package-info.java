/** Serves an instance over HTTP: live page, metrics, health, topology. */
@NullMarked
package dev.vmoe.app.console;

import org.jspecify.annotations.NullMarked;
