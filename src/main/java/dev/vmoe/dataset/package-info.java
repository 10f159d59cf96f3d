/**
 * Image files: sets of them with labels, decoding, and classification without Kafka.
 *
 * <p>May use: {@code moe image inference event}.
 */
@NullMarked
package dev.vmoe.dataset;

import org.jspecify.annotations.NullMarked;
