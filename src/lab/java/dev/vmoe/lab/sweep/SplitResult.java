package dev.vmoe.lab.sweep;

import org.jspecify.annotations.Nullable;

/**
 * What a setting did on one split of the images.
 *
 * @param images images of the split
 * @param accuracy share of them that were right, with its 95 % interval
 * @param minusTwin accuracy less the dense twin's, paired by image; null without a twin, and for
 *     the twin itself
 */
public record SplitResult(int images, Interval accuracy, @Nullable Interval minusTwin) {

  /** Name of the only split of a set without splits. */
  public static final String ALL = "all";

  /** Name of what belongs to no split, in a set where other images do. */
  public static final String WITHOUT = "without-split";
}
