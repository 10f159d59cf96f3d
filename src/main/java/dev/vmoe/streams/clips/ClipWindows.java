package dev.vmoe.streams.clips;

import dev.vmoe.event.ClassScore;
import dev.vmoe.event.ClassSum;
import dev.vmoe.event.Clip;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Sums the scores of one key's frames by windows of time, as a function of the state before and a
 * frame.
 *
 * <p>A key has at most one open window. The first frame of a later window closes it, and so does
 * silence. A frame of a closed window is late: it is counted alone. Where windows had another
 * length before, the first frame that is not late closes the old one. The state is a {@link Clip}
 * without its label and share; once its window is closed, it has no frames.
 *
 * @param lengthMs length of a window
 */
public record ClipWindows(long lengthMs) {

  /** Maximum classes whose sums are kept; the smallest go first. */
  static final int MAX_CLASSES = 100;

  /**
   * What a frame or silence leads to.
   *
   * @param state the key's new state
   * @param clip what is said of the window that was closed; null if none was
   * @param late whether the frame was late
   */
  public record WindowStep(Clip state, @Nullable Clip clip, boolean late) {}

  /** Returns what a frame leads to; the state is null where nothing is known of the key. */
  public WindowStep add(@Nullable Clip state, ClipFrame frame) {
    Clip own = opened(frame.time() - frame.time() % lengthMs);
    if (state == null) {
      return new WindowStep(sum(own, frame), null, false);
    }
    boolean open = isOpen(state);
    if (open && isSameWindow(state, own)) {
      return new WindowStep(sum(state, frame), null, false);
    }
    if (frame.time() < state.getWindowStart() || (isIn(state, frame) && !open)) {
      return new WindowStep(copy(state).setLate(state.getLate() + 1).build(), null, true);
    }
    long silence = frame.time() - state.getLatestTime();
    Clip next =
        copy(own)
            .setLate(open ? 0 : state.getLate())
            .setGapMillis(silence > lengthMs ? silence : 0)
            .setMissingWindows(
                (int)
                    Math.min(
                        Integer.MAX_VALUE,
                        Math.max(0, (own.getWindowStart() - state.getWindowEnd()) / lengthMs)))
            .build();
    return new WindowStep(sum(next, frame), open ? judged(state) : null, false);
  }

  private static boolean isSameWindow(Clip a, Clip b) {
    return a.getWindowStart() == b.getWindowStart() && a.getWindowEnd() == b.getWindowEnd();
  }

  private static boolean isIn(Clip window, ClipFrame frame) {
    return frame.time() >= window.getWindowStart() && frame.time() < window.getWindowEnd();
  }

  /** Returns what it leads to that the key stays silent; its window is open. */
  public WindowStep close(Clip state) {
    Clip closed = copy(opened(state.getWindowStart())).setLatestTime(state.getLatestTime()).build();
    return new WindowStep(closed, judged(state), false);
  }

  /** Returns whether the window of a state is open. */
  static boolean isOpen(Clip state) {
    return state.getFrames() > 0;
  }

  private Clip opened(long start) {
    return Clip.newBuilder()
        .setWindowStart(start)
        .setWindowEnd(start > Long.MAX_VALUE - lengthMs ? Long.MAX_VALUE : start + lengthMs)
        .setLabel("")
        .setClassIndex(-1)
        .setShare(0)
        .setFrames(0)
        .setLatestTime(0)
        .setLatestTopic("")
        .setLatestPartition(0)
        .setLatestOffset(0)
        .setScoreSum(0)
        .setClasses(List.of())
        .build();
  }

  private static Clip.Builder copy(Clip state) {
    return Clip.newBuilder(state);
  }

  private static Clip sum(Clip state, ClipFrame frame) {
    Map<String, ClassSum> sums = new LinkedHashMap<>();
    state.getClasses().forEach(sum -> sums.put(key(sum), sum));
    double all = state.getScoreSum();
    for (ClassScore score : frame.scores()) {
      ClassSum one = new ClassSum(score.getIndex(), score.getLabel(), (double) score.getScore());
      sums.merge(key(one), one, ClipWindows::plus);
      all += score.getScore();
    }
    Clip.Builder next =
        copy(state)
            .setFrames(state.getFrames() + 1)
            .setScoreSum(all)
            .setClasses(
                sums.values().stream()
                    .sorted(Comparator.comparingDouble(sum -> -sum.getScore())) // stable
                    .limit(MAX_CLASSES)
                    .toList());
    if (!isOpen(state) || frame.time() >= state.getLatestTime()) {
      next.setLatestTime(frame.time())
          .setLatestId(frame.id())
          .setLatestTopic(frame.topic())
          .setLatestPartition(frame.partition())
          .setLatestOffset(frame.offset());
    }
    return next.build();
  }

  /** Two models may have the same number for different classes, and one model a name twice. */
  private static String key(ClassSum sum) {
    return sum.getIndex() + "/" + sum.getLabel();
  }

  private static ClassSum plus(ClassSum a, ClassSum b) {
    return new ClassSum(a.getIndex(), a.getLabel(), a.getScore() + b.getScore());
  }

  private static Clip judged(Clip state) {
    ClassSum best = state.getClasses().get(0);
    return copy(state)
        .setLabel(best.getLabel())
        .setClassIndex(best.getIndex())
        .setShare(state.getScoreSum() > 0 ? best.getScore() / state.getScoreSum() : 0)
        .build();
  }
}
