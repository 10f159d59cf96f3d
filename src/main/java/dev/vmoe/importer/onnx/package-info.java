/** Image classifiers in ONNX files of another origin. */
@NullMarked
package dev.vmoe.importer.onnx;

import org.jspecify.annotations.NullMarked;
