package dev.vmoe.streams.settings;

import static org.apache.kafka.common.config.ConfigDef.Importance.HIGH;
import static org.apache.kafka.common.config.ConfigDef.Importance.LOW;
import static org.apache.kafka.common.config.ConfigDef.Type.INT;
import static org.apache.kafka.common.config.ConfigDef.Type.LONG;

import org.apache.kafka.common.config.ConfigDef.Range;

/** Definitions of the settings of micro-batches and of the images that wait for one. */
final class BatchDefinitions {

  /** Fewer would have images tried one at a time after any end of a process. */
  private static final ValueCheck NEVER_OR_SEVERAL =
      new ValueCheck(
          "0, or a whole number from 4 to 100",
          value -> (Integer) value == 0 || (Integer) value >= 4 && (Integer) value <= 100);

  private BatchDefinitions() {}

  static void addTo(Definitions definitions) {
    definitions
        .setting(Settings.BATCH_MAX_IMAGES, INT, 32, Range.between(1, 4096), HIGH)
        .means("Maximum images of a micro-batch.")
        .setting(Settings.BATCH_MAX_BYTES, LONG, 64L * 1024 * 1024, Range.atLeast(1), LOW)
        .means("Maximum encoded bytes of a micro-batch.")
        .setting(Settings.BATCH_LINGER_MS, LONG, 20L, Range.between(0, 60_000), HIGH)
        .means(
            "Maximum time that the oldest image of a micro-batch waits for others to join, in"
                + " milliseconds.")
        .setting(Settings.IN_FLIGHT_IMAGES, INT, 0, Range.atLeast(0), LOW)
        .means(
            "Maximum images of one partition in the instance before reading waits; 0 means"
                + " batch.max.images times (3 + inference.runs).")
        .setting(Settings.IN_FLIGHT_MAX_BYTES, LONG, 0L, Range.atLeast(0), LOW)
        .means(
            "Maximum bytes of records in the instance, over all partitions, before reading"
                + " waits; 0 means a quarter of the heap.")
        .setting(Settings.IN_FLIGHT_WAIT_MS, LONG, 2_000L, Range.between(100, 5_000), LOW)
        .means(
            "Maximum total time that reading waits for room between two commits, in"
                + " milliseconds. Keep it well below the transaction timeout (10 s). At twice one"
                + " of the two limits above, a partition is not read until there is room.")
        .setting(Settings.POISON_DEATHS, INT, 4, NEVER_OR_SEVERAL, LOW)
        .means(
            "Processes that may end in a row while they work on the same images, without stopping"
                + " in order. Two before that, the images are tried one at a time; the one that was"
                + " alone at the last two goes to the dead-letter topic. 0: nothing is counted.")
        .setting(Settings.IMAGE_MAX_BYTES, INT, 16 * 1024 * 1024, Range.atLeast(1), LOW)
        .means("Maximum bytes of an encoded image; larger ones go to the dead-letter topic.")
        .setting(Settings.IMAGE_MAX_PIXELS, LONG, 64_000_000L, Range.atLeast(1), LOW)
        .means(
            "Maximum pixels of an image (height times width, read from the header before"
                + " anything is allocated); larger ones go to the dead-letter topic.")
        .setting(Settings.IMAGE_MAX_PIXELS_PER_BYTE, INT, 50, Range.atLeast(1), LOW)
        .means(
            "Maximum pixels for each encoded byte of an image of more than 16 megapixels. A"
                + " photograph has a few; a small file that takes long to decode has hundreds and"
                + " goes to the dead-letter topic.");
  }
}
