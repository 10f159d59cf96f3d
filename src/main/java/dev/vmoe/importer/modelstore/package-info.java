/**
 * Models as files: folders of models, checksums, quality profiles, the bundled models. Nothing here
 * runs a model; {@link dev.vmoe.importer.modelstore.ModelOpener} opens one for others to run.
 */
@NullMarked
package dev.vmoe.importer.modelstore;

import org.jspecify.annotations.NullMarked;
