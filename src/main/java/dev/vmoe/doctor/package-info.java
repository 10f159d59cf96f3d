/**
 * What an instance would need, looked at before it is started: settings, brokers, registry, model,
 * machine. Reads only.
 */
@NullMarked
package dev.vmoe.doctor;

import org.jspecify.annotations.NullMarked;
