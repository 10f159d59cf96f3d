/**
 * The command line of serving: commands and their options, nothing else.
 *
 * <p>May use: all packages.
 */
@NullMarked
package dev.vmoe.cli;

import org.jspecify.annotations.NullMarked;
