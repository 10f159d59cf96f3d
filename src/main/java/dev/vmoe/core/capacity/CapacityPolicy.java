package dev.vmoe.core.capacity;

/**
 * Chooses an operating point for a situation.
 *
 * <p>A policy estimates nothing and reads no clock: load, cost and time are in the situation. It
 * may remember earlier situations, and is asked once before every run, by one thread at a time.
 */
@FunctionalInterface
public interface CapacityPolicy {

  Decision choose(Situation situation);
}
