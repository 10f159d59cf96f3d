package dev.vmoe.core.capacity;

/** Observes what a {@link LearningCapacity} predicts and learns, on the thread that decides. */
public interface CapacityObserver {

  CapacityObserver NONE = new CapacityObserver() {};

  /** A run has ended; its time was predicted before anything was learnt from it. */
  default void runEnded(long predictedNanos, long actualNanos) {}

  /** The images that waited at some decision have been answered, after so many nanoseconds. */
  default void backlogAnswered(long actualDelayNanos) {}

  /**
   * A decision was made.
   *
   * @param bestPerSecond images a second at the most accurate point that may be chosen; not a
   *     number where no cost is known
   * @param fastestPerSecond images a second at the fastest one; likewise
   */
  default void decided(double bestPerSecond, double fastestPerSecond) {}
}
