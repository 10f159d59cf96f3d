package dev.vmoe.lab.overload;

import java.util.Locale;

/**
 * What a pipeline answers when it is kept busy, in images a second.
 *
 * @param full at full quality
 * @param lowest at the lowest useful point
 */
public record Rates(double full, double lowest) {

  /**
   * Checks that there is a range to choose from.
   *
   * @throws IllegalStateException if the lowest point is not faster than full quality
   */
  public void requireRange() {
    if (!(lowest > full)) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT,
              "%.1f images/s at full quality and %.1f at the lowest point: there is no range"
                  + " between them; choose a lower lowest point, or measure on a quieter machine",
              full,
              lowest));
    }
  }

  /** Returns the rate in the middle between the two. */
  public double midway() {
    return (full + lowest) / 2;
  }
}
