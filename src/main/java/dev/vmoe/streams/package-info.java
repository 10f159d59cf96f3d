/** The Kafka Streams topology: micro-batch processor, commit guard, dead letters. */
@NullMarked
package dev.vmoe.streams;

import org.jspecify.annotations.NullMarked;
