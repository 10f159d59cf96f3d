/**
 * The topics of the pipeline: plan, needed rights, checks before a start.
 *
 * <p>May use: {@code settings}.
 */
@NullMarked
package dev.vmoe.topics;

import org.jspecify.annotations.NullMarked;
