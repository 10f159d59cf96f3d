/** What an instance says of itself over HTTP: metrics, health, topology. */
@NullMarked
package dev.vmoe.console;

import org.jspecify.annotations.NullMarked;
