/**
 * A real Kafka broker and a real schema registry for the demo and the tests; not for production.
 */
@NullMarked
package dev.vmoe.app.embedded;

import org.jspecify.annotations.NullMarked;
