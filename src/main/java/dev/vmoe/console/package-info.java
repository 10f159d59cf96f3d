/** What an instance says of itself over HTTP: metrics, health, topology, routing map. */
@NullMarked
package dev.vmoe.console;

import org.jspecify.annotations.NullMarked;
