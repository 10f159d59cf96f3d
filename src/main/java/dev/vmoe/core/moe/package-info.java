/**
 * The words of routing: settings, capacity, priorities, counts, what a model says about itself, and
 * the names of a graph's inputs and outputs, which the model's builder and its session share.
 */
@NullMarked
package dev.vmoe.core.moe;

import org.jspecify.annotations.NullMarked;
