/**
 * The commands of the lab and their options.
 *
 * <p>May use every other part of the lab, and serving.
 */
@NullMarked
package dev.vmoe.lab.cli;

import org.jspecify.annotations.NullMarked;
