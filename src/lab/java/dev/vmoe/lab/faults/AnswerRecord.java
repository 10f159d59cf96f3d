package dev.vmoe.lab.faults;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * An answer that a read_committed client sees: a prediction or a dead letter.
 *
 * @param sourcePartition partition of the image
 * @param sourceOffset offset of the image
 * @param written partition that it was written to
 * @param model that gave a prediction; null of a dead letter
 * @param carried what it has from its image
 * @param value fingerprint of the value and its content type, of a dead letter; 0 of a prediction
 */
record AnswerRecord(
    int sourcePartition,
    long sourceOffset,
    TopicPartition written,
    @Nullable AnsweringModel model,
    ImageRecord.Carried carried,
    long value) {

  /** Returns whether it is a dead letter. */
  boolean deadLetter() {
    return model == null;
  }
}
