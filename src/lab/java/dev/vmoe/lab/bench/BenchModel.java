package dev.vmoe.lab.bench;

import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.RoutingSettings;

/**
 * A model at one operating point, which turns encoded images into predictions: the same for
 * everything that is compared.
 *
 * @param classifier stays the caller's to close
 * @param decoder of images to the model's input
 * @param routing operating point and routing of all runs
 * @param batch maximum images of a run
 */
public record BenchModel(
    BatchClassifier classifier, ImageDecoder decoder, RoutingSettings routing, int batch) {

  /** Returns the same with the model opened in another layout. */
  public BenchModel with(BatchClassifier opened) {
    return new BenchModel(opened, decoder, routing, batch);
  }
}
