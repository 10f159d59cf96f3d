/** The commands of the lab and their options. */
@NullMarked
package dev.vmoe.lab.cli;

import org.jspecify.annotations.NullMarked;
