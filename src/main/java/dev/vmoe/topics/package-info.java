/** The topics of the pipeline: their plan, the rights they need, and the checks before a start. */
@NullMarked
package dev.vmoe.topics;

import org.jspecify.annotations.NullMarked;
