/**
 * Output of commands: tables, JSON, progress, errors in one line, the log.
 *
 * <p>May use: {@code settings}.
 */
@NullMarked
package dev.vmoe.output;

import org.jspecify.annotations.NullMarked;
