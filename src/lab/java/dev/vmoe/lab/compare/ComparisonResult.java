package dev.vmoe.lab.compare;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What two pipelines, a and b, answered to the same images.
 *
 * @param both images that both answered; all figures but the next five are of these
 * @param onlyA images that b has no answer to, although it answered earlier and later ones of that
 *     partition
 * @param onlyB the same the other way round
 * @param outside images before or behind all that the other one answered of that partition
 * @param unpaired answers among these three that were given up because too many waited for the
 *     other's; if above 0, an image may be counted once for each side
 * @param repeats answers to an image that had one already, left out
 * @param agreed images with the same best class
 * @param accuracy null without labelled images
 * @param classes by the answer of a, those that b contradicts most often first
 * @param images those that differ most, first the one that differs most
 */
public record ComparisonResult(
    long both,
    long onlyA,
    long onlyB,
    long outside,
    long unpaired,
    long repeats,
    long agreed,
    @Nullable PairedAccuracy accuracy,
    SideFigures a,
    SideFigures b,
    List<ClassAgreement> classes,
    List<DifferingImage> images) {

  /** Copies the lists. */
  public ComparisonResult {
    classes = List.copyOf(classes);
    images = List.copyOf(images);
  }

  /**
   * The figures of one pipeline.
   *
   * @param models answers by the model's name
   * @param effectiveCapacityRatio mean; 0 without an image
   * @param p50Ms median time from when the image can join a batch to the end of the run, in
   *     milliseconds
   * @param p99Ms the time that 99 % did not exceed
   */
  public record SideFigures(
      Map<String, Long> models, double effectiveCapacityRatio, double p50Ms, double p99Ms) {}

  /**
   * How often both gave the same answer.
   *
   * @param name class that a answered
   * @param images answered so by a
   * @param agreed of these, answered so by b, too
   */
  public record ClassAgreement(String name, long images, long agreed) {}

  /** A class and its score, between 0 and 1. */
  public record Guess(String label, float score) {}

  /**
   * An image and both answers.
   *
   * @param id what its sender called it; of a long one only the beginning
   * @param label its true class, where the sender knew it
   * @param difference share of the score that lies on other classes
   */
  public record DifferingImage(
      ImagePosition position,
      @Nullable String id,
      @Nullable String label,
      List<Guess> a,
      List<Guess> b,
      double difference) {}

  /**
   * Accuracy on the same labelled images, and the 95 % interval of the difference. Images are
   * paired: only those count that one answered right and the other wrong. The interval is that of
   * Agresti and Min, which stays honest where these are few.
   *
   * @param images labelled images
   * @param a share that a answered right
   * @param b share that b answered right
   * @param difference b minus a
   * @param low lower end of its interval
   * @param high upper end
   * @see <a href="https://doi.org/10.1002/sim.1781">Agresti and Min, Simple improved confidence
   *     intervals for comparing matched proportions, 2005</a>
   */
  public record PairedAccuracy(
      long images, double a, double b, double difference, double low, double high) {

    private static final double Z = 1.96;

    /**
     * Counts pairs.
     *
     * @param images labelled images, at least 1
     * @param right that both answered right
     * @param gained that only b answered right
     * @param lost that only a answered right
     */
    static PairedAccuracy of(long images, long right, long gained, long lost) {
      double n = images + 2; // half an image more for each of the four outcomes
      double middle = (gained - lost) / n;
      double half = Z * Math.sqrt((gained + lost + 1) / n - middle * middle) / Math.sqrt(n);
      double all = images;
      return new PairedAccuracy(
          images,
          (right + lost) / all,
          (right + gained) / all,
          (gained - lost) / all,
          Math.max(-1, middle - half),
          Math.min(1, middle + half));
    }
  }
}
