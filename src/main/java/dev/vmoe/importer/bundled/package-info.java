/** The models that come with the project, imported on first use. */
@NullMarked
package dev.vmoe.importer.bundled;

import org.jspecify.annotations.NullMarked;
