package dev.vmoe.lab.overload;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.lab.sweep.SweepRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * The best accuracy for a given time an image: the concave hull over operating points, since a
 * policy that alternates between two of them gets what lies between.
 */
public final class AccuracyFrontier {

  /**
   * What an operating point takes and gives.
   *
   * @param point operating point
   * @param secondsPerImage time an image takes of a busy pipeline
   * @param accuracy share of images whose best class is right, 0 to 1
   */
  public record Choice(OperatingPoint point, double secondsPerImage, double accuracy) {

    /** Rejects what cannot have been measured. */
    public Choice {
      if (!(secondsPerImage > 0) || !(accuracy >= 0 && accuracy <= 1)) {
        throw new IllegalArgumentException(
            String.format("%s: %s s an image, accuracy %s", point, secondsPerImage, accuracy));
      }
    }
  }

  /** From the fastest to the most accurate; each second gains less accuracy than the one before. */
  private final List<Choice> hull = new ArrayList<>();

  /**
   * Creates the frontier.
   *
   * @param lowest the fastest point allowed
   * @param full full quality
   * @param others more points; those that are faster than the lowest or slower than full do not
   *     count
   */
  public AccuracyFrontier(Choice lowest, Choice full, List<Choice> others) {
    this(within(lowest, full, others));
  }

  private static List<Choice> within(Choice lowest, Choice full, List<Choice> others) {
    if (lowest.secondsPerImage() >= full.secondsPerImage()) {
      throw new IllegalArgumentException("not faster than " + full + ": " + lowest);
    }
    List<Choice> all = new ArrayList<>(List.of(lowest, full));
    for (Choice other : others) {
      if (other.secondsPerImage() > lowest.secondsPerImage()
          && other.secondsPerImage() < full.secondsPerImage()) {
        all.add(other);
      }
    }
    return all;
  }

  /** Creates the frontier of all these, at least one. */
  private AccuracyFrontier(List<Choice> choices) {
    List<Choice> all = new ArrayList<>(choices);
    all.sort(
        Comparator.comparingDouble(Choice::secondsPerImage).thenComparingDouble(Choice::accuracy));
    for (Choice choice : all) {
      if (!hull.isEmpty() && choice.accuracy() <= hull.get(hull.size() - 1).accuracy()) {
        continue; // takes more and gives less
      }
      while (hull.size() > 1
          && slope(hull.get(hull.size() - 2), hull.get(hull.size() - 1))
              <= slope(hull.get(hull.size() - 1), choice)) {
        hull.remove(hull.size() - 1);
      }
      hull.add(choice);
    }
  }

  /**
   * Returns the frontier of evaluated points for a pipeline: the time of a point between the two
   * whose rates were measured is interpolated by the time of its runs, since what the pipeline adds
   * to an image is the same at every point.
   *
   * @param rows the lowest point first, then full quality, then any others
   */
  public static AccuracyFrontier of(List<SweepRow> rows, Rates rates) {
    return new AccuracyFrontier(within(rows, rates));
  }

  /**
   * Returns the frontier over several models. Of the first one the same points count as above. The
   * points of the others lie on the same line from the time of a run to the time an image, also
   * beyond its two ends: in the pipeline all models cost the same besides their runs. A run that is
   * faster than the lowest point's gains no more than in proportion.
   *
   * @param rows by model; of the first one as above
   */
  public static AccuracyFrontier ofModels(List<List<SweepRow>> rows, Rates rates) {
    List<SweepRow> first = rows.get(0);
    List<Choice> all = new ArrayList<>(within(first, rates));
    for (int i = 1; i < rows.size(); i++) {
      for (SweepRow row : rows.get(i)) {
        double part = Math.min(1, row.millisPerImage() / first.get(0).millisPerImage());
        all.add(choice(row, i, Math.max(part / rates.lowest(), seconds(row, first, rates))));
      }
    }
    return new AccuracyFrontier(all);
  }

  private static List<Choice> within(List<SweepRow> rows, Rates rates) {
    SweepRow lowest = rows.get(0);
    SweepRow full = rows.get(1);
    List<Choice> others =
        rows.stream()
            .skip(2)
            .filter(row -> row.millisPerImage() > lowest.millisPerImage())
            .filter(row -> row.millisPerImage() < full.millisPerImage())
            .map(row -> choice(row, 0, seconds(row, rows, rates)))
            .toList();
    return within(choice(lowest, 0, 1 / rates.lowest()), choice(full, 0, 1 / rates.full()), others);
  }

  /** Returns the time an image on the line through the two measured points of the first model. */
  private static double seconds(SweepRow row, List<SweepRow> first, Rates rates) {
    double lowest = first.get(0).millisPerImage();
    double range = first.get(1).millisPerImage() - lowest;
    if (range <= 0) { // too noisy for a line
      return row.millisPerImage() / lowest / rates.lowest();
    }
    double part = (row.millisPerImage() - lowest) / range;
    return 1 / rates.lowest() + part * (1 / rates.full() - 1 / rates.lowest());
  }

  private static Choice choice(SweepRow row, int model, double secondsPerImage) {
    return new Choice(
        OverloadPolicies.point(row.point().settings()).ofModel(model),
        secondsPerImage,
        row.accuracy());
  }

  private static double slope(Choice left, Choice right) {
    return (right.accuracy() - left.accuracy())
        / (right.secondsPerImage() - left.secondsPerImage());
  }

  /** Returns the points of the hull, fastest first. */
  public List<Choice> hull() {
    return List.copyOf(hull);
  }

  /** Returns whether every point of the hull is of the first model. */
  boolean ofFirstModel() {
    return hull.stream().allMatch(choice -> choice.point().model() == 0);
  }

  /** Returns the minimum time of an image, in seconds. */
  public double fastest() {
    return hull.get(0).secondsPerImage();
  }

  /** Returns the time an image takes beyond which nothing is gained, in seconds. */
  public double slowest() {
    return hull.get(hull.size() - 1).secondsPerImage();
  }

  /** Returns the accuracy that this many seconds an image can buy. */
  public double accuracy(double secondsPerImage) {
    return mean(secondsPerImage, Choice::accuracy);
  }

  /** Returns the mean of a figure over the two points that are mixed for this time an image. */
  double mean(double secondsPerImage, ToDoubleFunction<Choice> figure) {
    Choice left = hull.get(0);
    if (secondsPerImage <= left.secondsPerImage()) {
      return figure.applyAsDouble(left);
    }
    for (Choice right : hull.subList(1, hull.size())) {
      if (secondsPerImage <= right.secondsPerImage()) {
        double part =
            (secondsPerImage - left.secondsPerImage())
                / (right.secondsPerImage() - left.secondsPerImage());
        return (1 - part) * figure.applyAsDouble(left) + part * figure.applyAsDouble(right);
      }
      left = right;
    }
    return figure.applyAsDouble(left);
  }
}
