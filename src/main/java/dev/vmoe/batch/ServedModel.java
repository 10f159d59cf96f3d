package dev.vmoe.batch;

import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;

/**
 * A model that batches are run with. It is given back once it is replaced and its last batch has
 * run.
 */
public final class ServedModel {

  private final BatchClassifier classifier;
  private final ImageDecoder decoder;
  private final Runnable giveBack;

  /** The owner, and each batch that is open or runs; 0 once the model is given back. */
  private int users = 1;

  /**
   * Begins to serve a model.
   *
   * @param classifier runs each batch
   * @param decoder decodes each image into the model's input
   * @param giveBack called once, when the model is not used any more
   */
  public ServedModel(BatchClassifier classifier, ImageDecoder decoder, Runnable giveBack) {
    this.classifier = classifier;
    this.decoder = decoder;
    this.giveBack = giveBack;
  }

  BatchClassifier classifier() {
    return classifier;
  }

  ImageDecoder decoder() {
    return decoder;
  }

  /** Returns the bytes of one image in a batch's buffer: (S, S, 3) uint8. */
  int slotBytes() {
    int size = classifier.card().imageSize();
    return size * size * 3;
  }

  /** Begins a use, unless the model has been given back. */
  synchronized boolean use() {
    if (users == 0) {
      return false;
    }
    users++;
    return true;
  }

  /** Ends a use: one of a batch, or that of the owner, which began with the model. */
  public void release() {
    boolean last;
    synchronized (this) {
      last = --users == 0;
    }
    if (last) {
      giveBack.run();
    }
  }
}
