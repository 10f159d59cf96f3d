/**
 * Image files: how they are found, decoded and classified without Kafka; labelled images of CSVs.
 *
 * <p>May use: {@code moe image inference event}.
 */
@NullMarked
package dev.vmoe.dataset;

import org.jspecify.annotations.NullMarked;
