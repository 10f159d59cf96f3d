package dev.vmoe.core.moe;

import java.util.Arrays;

/**
 * How much an image matters beside the others of its batch: under {@link Routing#BATCH_PRIORITY} it
 * multiplies the largest gate of each of the image's tokens, which says when the token claims.
 *
 * <p>Only proportions count. A token's largest gate lies between 1/E and 1, so an image whose
 * priority is more than E times another's claims before it with every token. All first choices
 * still come before all second ones, whatever the priorities.
 *
 * <p>Axes: B images of one batch, E experts.
 */
public final class ImagePriority {

  /** The priority of an image of which nothing is said. */
  public static final float DEFAULT = 1;

  /** The smallest priority. */
  public static final float LOWEST = 0.01f;

  /** The largest priority. */
  public static final float HIGHEST = 100;

  private ImagePriority() {}

  /** Returns whether a number is a priority: from {@value #LOWEST} to {@value #HIGHEST}. */
  public static boolean isValid(float priority) {
    return priority >= LOWEST && priority <= HIGHEST;
  }

  /**
   * Checks a priority.
   *
   * @throws IllegalArgumentException if it is outside its bounds or no number
   */
  public static float require(float priority) {
    if (!isValid(priority)) {
      throw new IllegalArgumentException(
          "priority " + priority + " is outside " + LOWEST + " to " + HIGHEST);
    }
    return priority;
  }

  /** Returns the priorities of images none of which matters more: (B), all {@value #DEFAULT}. */
  public static float[] equal(int numImages) {
    float[] priorities = new float[numImages];
    Arrays.fill(priorities, DEFAULT);
    return priorities;
  }

  /**
   * Returns the priorities as parts of the largest one: (B), above 0, at most 1.
   *
   * <p>A sort key has {@link RoutingLimits#MAX_PRIORITY_KEY 30 bits} for 0 to 1. So the image that
   * matters most always has all of them, and equal priorities of any size are the paper's order to
   * the last bit.
   *
   * @param priorities (B), each within the bounds
   * @throws IllegalArgumentException if one is not
   */
  public static float[] relative(float[] priorities) {
    float largest = LOWEST;
    for (float priority : priorities) {
      largest = Math.max(largest, require(priority));
    }
    float[] relative = new float[priorities.length];
    for (int image = 0; image < relative.length; image++) {
      relative[image] = priorities[image] / largest;
    }
    return relative;
  }
}
