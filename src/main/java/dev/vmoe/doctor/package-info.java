/**
 * Checks what an instance needs before it is started: settings, brokers, registry, model, machine.
 * Changes nothing.
 */
@NullMarked
package dev.vmoe.doctor;

import org.jspecify.annotations.NullMarked;
