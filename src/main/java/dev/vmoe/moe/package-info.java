/**
 * The words of routing: settings, capacity, priorities, counts, what a model says about itself, and
 * the names of a graph's inputs and outputs, which the model's builder and its session share.
 *
 * <p>May use: none of the others.
 */
@NullMarked
package dev.vmoe.moe;

import org.jspecify.annotations.NullMarked;
