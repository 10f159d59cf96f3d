/** Avro records on the wire, and the schema registry that describes them. */
@NullMarked
package dev.vmoe.event;

import org.jspecify.annotations.NullMarked;
