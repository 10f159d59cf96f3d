/** Output of commands: tables, JSON, progress, errors in one line, the log. */
@NullMarked
package dev.vmoe.streams.output;

import org.jspecify.annotations.NullMarked;
