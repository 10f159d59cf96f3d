/** The command line: parse and delegate. */
@NullMarked
package dev.vmoe.cli;

import org.jspecify.annotations.NullMarked;
