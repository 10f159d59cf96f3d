/** The command that imports a model. */
@NullMarked
package dev.vmoe.importer.cli;

import org.jspecify.annotations.NullMarked;
