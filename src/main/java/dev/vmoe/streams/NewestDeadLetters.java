package dev.vmoe.streams;

import dev.vmoe.batch.Answer;
import dev.vmoe.batch.Share;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The last dead letters that this instance has emitted. */
public final class NewestDeadLetters {

  private static final int MOST = 20;

  /** A reason longer than this is cut: the dead letter itself has all of it. */
  private static final int LONGEST_REASON = 500;

  private final Deque<Letter> letters = new ArrayDeque<>();

  /**
   * A dead letter.
   *
   * @param timeMs when it was emitted, in milliseconds since 1970
   * @param partition partition of the images topic that the record stood in
   * @param offset its offset there
   * @param reason why there is no answer
   */
  public record Letter(long timeMs, int partition, long offset, String reason) {}

  /** Takes over the dead letters of a share. */
  public void emitted(Share<Waiting> share) {
    for (Answer<Waiting> answer : share.answers()) {
      if (answer instanceof Answer.Rejected<Waiting> rejected) {
        Waiting waiting = rejected.origin();
        add(
            new Letter(
                System.currentTimeMillis(),
                waiting.position().partition(),
                waiting.position().offset(),
                bounded(rejected.reason())));
      }
    }
  }

  private static String bounded(String reason) {
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + "…";
  }

  private synchronized void add(Letter letter) {
    letters.addFirst(letter);
    if (letters.size() > MOST) {
      letters.removeLast();
    }
  }

  /** Returns them, the newest first. */
  public synchronized List<Letter> newest() {
    return List.copyOf(letters);
  }
}
