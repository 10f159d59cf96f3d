/**
 * Checks what an instance needs before it is started: settings, brokers, registry, model, machine.
 * Changes nothing.
 */
@NullMarked
package dev.vmoe.app.doctor;

import org.jspecify.annotations.NullMarked;
