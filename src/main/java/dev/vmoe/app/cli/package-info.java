/** The command line of serving: commands and their options, nothing else. */
@NullMarked
package dev.vmoe.app.cli;

import org.jspecify.annotations.NullMarked;
