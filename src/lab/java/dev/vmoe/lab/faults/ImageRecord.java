package dev.vmoe.lab.faults;

/**
 * A record of the images topic, as far as its answer has to agree with it.
 *
 * @param partition of the images topic
 * @param offset in it
 * @param expected answer that the load meant it to have
 * @param carried what an answer carries over
 * @param value fingerprint of the value and its content type
 */
record ImageRecord(int partition, long offset, Expected expected, Carried carried, long value) {

  /** The answer that an image has to have. */
  enum Expected {
    PREDICTION,
    DEAD_LETTER,
    /** As time and memory allow. */
    EITHER
  }

  /**
   * What an answer has from its image.
   *
   * @param key fingerprint of the key
   * @param headers fingerprint of the headers
   * @param timestampMs of the record
   */
  record Carried(long key, long headers, long timestampMs) {}
}
