/**
 * Image files: how they are found, decoded and classified without Kafka; labelled images of CSVs.
 */
@NullMarked
package dev.vmoe.app.dataset;

import org.jspecify.annotations.NullMarked;
