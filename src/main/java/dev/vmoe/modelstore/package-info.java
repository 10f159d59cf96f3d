/**
 * Models as files: folders of models, checksums, quality profiles, the bundled models. Nothing here
 * runs a model; {@link dev.vmoe.modelstore.ModelOpener} opens a session for those who do.
 */
@NullMarked
package dev.vmoe.modelstore;

import org.jspecify.annotations.NullMarked;
