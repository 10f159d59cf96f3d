package dev.vmoe.core.capacity;

import java.util.OptionalLong;

/**
 * How long a backlog really takes: the B images that wait are answered once B more images have
 * been. It follows one backlog at a time.
 */
final class DelayTracker {

  private long sinceNanos;
  private long imagesLeft;

  /** Notes how many images wait; ignored while another backlog is followed. */
  void waiting(long nowNanos, long images) {
    if (imagesLeft == 0) {
      sinceNanos = nowNanos;
      imagesLeft = images;
    }
  }

  /** Notes answers; returns how long the backlog took if they are its last, in nanoseconds. */
  OptionalLong answered(long nowNanos, long images) {
    boolean last = imagesLeft > 0 && images >= imagesLeft;
    imagesLeft = Math.max(0, imagesLeft - images);
    return last ? OptionalLong.of(nowNanos - sinceNanos) : OptionalLong.empty();
  }

  /** Notes that nothing waits any more: images that never came are not waited for. */
  void nothingWaits() {
    imagesLeft = 0;
  }
}
