package dev.vmoe.lab.faults;

/**
 * A record of the images topic, as far as its answer has to agree with it.
 *
 * @param partition of the images topic
 * @param offset in it
 * @param hostile whether the load meant it to be a dead letter
 * @param carried what an answer carries over
 * @param value fingerprint of the value
 */
record ImageRecord(int partition, long offset, boolean hostile, Carried carried, long value) {

  /**
   * What an answer has from its image.
   *
   * @param key fingerprint of the key
   * @param headers fingerprint of the headers
   * @param timestampMs of the record
   */
  record Carried(long key, long headers, long timestampMs) {}
}
