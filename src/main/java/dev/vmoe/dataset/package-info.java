/** Image files: sets of them with labels, decoding, and classification without Kafka. */
@NullMarked
package dev.vmoe.dataset;

import org.jspecify.annotations.NullMarked;
