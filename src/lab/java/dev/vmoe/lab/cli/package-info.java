/**
 * The commands of the lab and their options. A new benchmark extends {@code Benchmark}: it says
 * which options it has and what it measures, and returns a text, a table and JSON.
 */
@NullMarked
package dev.vmoe.lab.cli;

import org.jspecify.annotations.NullMarked;
