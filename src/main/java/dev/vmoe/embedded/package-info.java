/**
 * A real Kafka broker and a real schema registry for the demo and the tests; not for production.
 *
 * <p>May use: none of the others.
 */
@NullMarked
package dev.vmoe.embedded;

import org.jspecify.annotations.NullMarked;
