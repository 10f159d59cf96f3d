package dev.vmoe.streams.topology;

import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Says which records of a topic were skipped. Warns of the 1st, 2nd, 4th, 8th and so on, so that
 * many of them do not flood the log.
 */
public final class SkippedRecords {

  private final Logger log;
  private final String what;
  private long skipped;

  /**
   * Creates a count of none.
   *
   * @param what the beginning of its sentences
   */
  public SkippedRecords(Logger log, String what) {
    this.log = log;
    this.what = what;
  }

  /**
   * Counts the record that is being processed.
   *
   * @param reason one line
   */
  public void add(ProcessingContext context, String reason) {
    skipped++;
    log.atLevel(Long.bitCount(skipped) == 1 ? Level.WARN : Level.DEBUG)
        .log(
            "{}: {} ({} so far): {}",
            what,
            context
                .recordMetadata()
                .map(at -> at.topic() + "-" + at.partition() + " at offset " + at.offset())
                .orElse("a record"),
            skipped,
            reason);
  }
}
