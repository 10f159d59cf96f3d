/** The instance-wide micro-batcher and its flush triggers. */
@NullMarked
package dev.vmoe.batch;

import org.jspecify.annotations.NullMarked;
