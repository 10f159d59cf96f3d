/**
 * Models as files: folders of models, checksums, quality profiles, the bundled models. Nothing here
 * runs a model; {@link dev.vmoe.modelstore.ModelOpener} opens one for others to run.
 *
 * <p>May use: {@code moe checkpoint onnx model image inference capacity settings batch dataset}.
 */
@NullMarked
package dev.vmoe.modelstore;

import org.jspecify.annotations.NullMarked;
