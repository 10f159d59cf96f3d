/**
 * Checks what an instance needs before it is started: settings, brokers, registry, model, machine.
 * Changes nothing.
 *
 * <p>May use: {@code moe inference settings batch event topics output modelstore config streams
 * instance}.
 */
@NullMarked
package dev.vmoe.doctor;

import org.jspecify.annotations.NullMarked;
