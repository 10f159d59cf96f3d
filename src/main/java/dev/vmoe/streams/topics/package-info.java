/** The topics of the pipeline: plan, needed rights, checks before a start. */
@NullMarked
package dev.vmoe.streams.topics;

import org.jspecify.annotations.NullMarked;
