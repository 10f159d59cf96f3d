package dev.vmoe.core.batch;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.image.ImageDecoder;
import dev.vmoe.core.inference.BatchClassifier;
import java.util.List;

/**
 * A model that batches are run with, or several that each batch may be run with. They are given
 * back once they are replaced and their last batch has run.
 */
public final class ServedModel {

  private final List<BatchClassifier> classifiers;
  private final ImageDecoder decoder;
  private final Runnable giveBack;

  /** The owner, and each batch that is open or runs; 0 once the model is given back. */
  private int users = 1;

  /**
   * Begins to serve one model, or several beside each other.
   *
   * @param classifiers by the model of an operating point; their input is the same
   * @param giveBack called once, when the models are not used any more
   */
  public ServedModel(
      List<? extends BatchClassifier> classifiers, ImageDecoder decoder, Runnable giveBack) {
    this.classifiers = List.copyOf(classifiers);
    this.decoder = decoder;
    this.giveBack = giveBack;
  }

  /** Returns the first model; device and runs at once are those of all. */
  BatchClassifier classifier() {
    return classifiers.get(0);
  }

  BatchClassifier classifier(OperatingPoint point) {
    return classifiers.get(point.model());
  }

  ImageDecoder decoder() {
    return decoder;
  }

  /** Returns the bytes of one image in a batch's buffer: (S, S, 3) uint8. */
  int slotBytes() {
    int size = classifier().card().imageSize();
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
