package dev.vmoe.streams.topology;

import dev.vmoe.core.batch.Answer;
import dev.vmoe.streams.commit.QueuedRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/** The last dead letters that this instance has emitted. */
public final class NewestDeadLetters implements ImageObserver {

  private static final int MAX_LETTERS = 20;

  /** A reason longer than this is cut: the dead letter itself has all of it. */
  private static final int MAX_REASON_CHARS = 500;

  private final Deque<Letter> letters = new ArrayDeque<>();

  /**
   * A dead letter.
   *
   * @param timeMs when it was emitted, in milliseconds since 1970
   * @param topic topic that the record stood in
   * @param partition its partition there
   * @param offset its offset there
   * @param reason why there is no answer
   */
  public record Letter(long timeMs, String topic, int partition, long offset, String reason) {}

  /** Takes over the dead letters of a share. */
  @Override
  public void emitted(Emission emission) {
    for (Answer<QueuedRecord> answer : emission.share().answers()) {
      if (answer instanceof Answer.Rejected<QueuedRecord> rejected) {
        RecordMetadata position = rejected.origin().position();
        add(
            new Letter(
                System.currentTimeMillis(),
                position.topic(),
                position.partition(),
                position.offset(),
                bounded(rejected.reason())));
      }
    }
  }

  private static String bounded(String reason) {
    return reason.length() <= MAX_REASON_CHARS
        ? reason
        : reason.substring(0, MAX_REASON_CHARS) + "…";
  }

  private synchronized void add(Letter letter) {
    letters.addFirst(letter);
    if (letters.size() > MAX_LETTERS) {
      letters.removeLast();
    }
  }

  /** Returns them, the newest first. */
  public synchronized List<Letter> newest() {
    return List.copyOf(letters);
  }
}
