package dev.vmoe.capacity;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * How long a run takes at each operating point: surveyed once, then corrected by every real run.
 *
 * <pre>
 * run(i, b)   = surveyed(i, b) · machine
 * batch(i, b) = run(i, b) + gap · b
 * </pre>
 *
 * where {@code surveyed} is linear in the images b between measured batch sizes, {@code machine} is
 * one factor for all points, and {@code gap} is what an image costs beside its run (decoding that
 * nothing hides, hand-over).
 *
 * <p>The factor is actual over surveyed time, averaged over the last 0.3 s of running. Every run
 * teaches it, also a small one, so that nothing that was learnt stays when it is no longer true;
 * while nothing runs, it fades towards the survey. The gap is learnt from full batches with more
 * images behind them.
 *
 * <p>Times are in seconds. {@link #observe} and everything learnt belong to one thread; {@link
 * #relativeError()}, {@link #machineFactor()}, {@link #gapSeconds()}, {@link #points()} and {@link
 * #surveyedSeconds} may be read by any.
 */
public final class CostModel {

  /** Time of running over which the factor is averaged, in seconds. */
  private static final double MEMORY = Double.parseDouble(System.getProperty("c.mem", "0.3"));

  /** Weight of one full batch in the gap. */
  private static final double GAP_WEIGHT = 0.15;

  /** Weight of one run in the mean error. */
  private static final double ERROR_WEIGHT = 0.05;

  /** Maximum factor by which one run counts as slower or faster: a pause is no trend. */
  private static final double MAX_RUN_FACTOR = 4;

  /** Time after which half of the factor is forgotten, in seconds. */
  private static final double HALF_LIFE = Double.parseDouble(System.getProperty("c.half", "60"));

  private static final double NANOS = 1e9;

  /** What was measured of one point, ascending in images and never falling in seconds. */
  private static final class Curve {
    final int[] images;
    final double[] seconds;

    Curve(List<RunTime> measured) {
      List<RunTime> sorted =
          measured.stream().sorted(Comparator.comparingInt(RunTime::images)).toList();
      images = sorted.stream().mapToInt(RunTime::images).toArray();
      seconds = new double[images.length];
      double longest = 1 / NANOS;
      for (int i = 0; i < seconds.length; i++) {
        if (i > 0 && images[i] == images[i - 1]) {
          throw new IllegalArgumentException("measured twice: " + sorted.get(i));
        }
        longest = Math.max(longest, sorted.get(i).nanos() / NANOS); // more images never take less
        seconds[i] = longest;
      }
    }

    double at(int count) {
      int last = images.length - 1;
      if (last == 0) {
        return seconds[0] * count / images[0];
      }
      if (count > images[last]) {
        return seconds[last] + slope(0, last) * (count - images[last]);
      }
      if (count < images[0]) {
        double line = seconds[0] - slope(0, 1) * (images[0] - count);
        return Math.max(line, seconds[0] * count / images[0]);
      }
      int above = 1;
      while (images[above] < count) {
        above++;
      }
      return seconds[above] - slope(above - 1, above) * (images[above] - count);
    }

    private double slope(int from, int to) {
      return (seconds[to] - seconds[from]) / (images[to] - images[from]);
    }
  }

  private final List<RunTime> survey;
  private final Map<OperatingPoint, Curve> curves = new LinkedHashMap<>();
  private final List<OperatingPoint> points;
  private final int largestBatch;

  private volatile double machine = 1;
  private volatile double gap;
  private volatile double relativeError;
  private @Nullable Sample previous;

  /**
   * Creates a model from a survey.
   *
   * @param survey one typical run of each point at one batch size or more
   * @throws IllegalArgumentException if nothing was measured, or a point twice at the same size
   */
  public CostModel(List<RunTime> survey) {
    if (survey.isEmpty()) {
      throw new IllegalArgumentException("a cost model without a measurement");
    }
    this.survey = List.copyOf(survey);
    Map<OperatingPoint, List<RunTime>> byPoint = new LinkedHashMap<>();
    for (RunTime run : survey) {
      byPoint.computeIfAbsent(run.point(), point -> new ArrayList<>()).add(run);
    }
    byPoint.forEach((point, measured) -> curves.put(point, new Curve(measured)));
    points = List.copyOf(curves.keySet());
    largestBatch = survey.stream().mapToInt(RunTime::images).max().orElseThrow();
  }

  /** Returns a model of the same survey that has observed nothing. */
  public CostModel unlearnt() {
    return new CostModel(survey);
  }

  /** Returns the points of the survey. */
  public List<OperatingPoint> points() {
    return points;
  }

  /** Returns the surveyed time of a run of this many images. */
  public double surveyedSeconds(OperatingPoint point, int images) {
    return curve(point).at(images);
  }

  /** Returns the time of a run of this many images. */
  public double runSeconds(OperatingPoint point, int images) {
    if (images < 1) {
      throw new IllegalArgumentException("a run of " + images + " images");
    }
    return curve(point).at(images) * machine;
  }

  /** Returns how long the instance is busy with a batch: the run and the gap beside it. */
  public double batchSeconds(OperatingPoint point, int images) {
    return runSeconds(point, images) + gap * images;
  }

  /** Returns the throughput with batches of this many images. */
  public double imagesPerSecond(OperatingPoint point, int batchImages) {
    return batchImages / batchSeconds(point, batchImages);
  }

  /**
   * Learns from the run before this sample, and from how long the instance was idle before this
   * batch.
   *
   * @param fullBatch images of a full batch
   * @return what was predicted of that run, in seconds; empty if it is known already, or its point
   *     was not measured
   */
  public OptionalDouble observe(Sample sample, int fullBatch) {
    Sample before = previous;
    previous = sample;
    OptionalDouble predicted = OptionalDouble.empty();
    RunTime run = sample.lastRun();
    if (run != null && isNew(run, before) && curves.containsKey(run.point())) {
      predicted = OptionalDouble.of(runSeconds(run.point(), run.images()));
      learn(curve(run.point()).at(run.images()), run.nanos() / NANOS);
    }
    if (before != null) {
      double passed = Math.max(0, sample.nowNanos() - before.nowNanos()) / NANOS;
      machine = 1 + (machine - 1) * Math.pow(0.5, passed / HALF_LIFE);
    }
    if (run != null && Math.min(sample.batchImages(), sample.waitingImages()) >= fullBatch) {
      double longest = gap * sample.batchImages() + run.nanos() / NANOS; // a pause is no gap
      double idle = Math.min(sample.idleNanos() / NANOS, longest);
      gap += GAP_WEIGHT * (idle / sample.batchImages() - gap);
    }
    return predicted;
  }

  /** A run that failed leaves the one before it in the sample: the same object once more. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isNew(RunTime run, @Nullable Sample before) {
    return before == null || run != before.lastRun();
  }

  private void learn(double surveyed, double seconds) {
    double ratio = seconds / (surveyed * machine);
    double error = Math.abs(ratio - 1);
    relativeError = relativeError == 0 ? error : relativeError + ERROR_WEIGHT * (error - relativeError);
    double weight = 1 - Math.exp(-surveyed * machine / MEMORY);
    machine *= 1 + weight * (Math.min(MAX_RUN_FACTOR, Math.max(1 / MAX_RUN_FACTOR, ratio)) - 1);
  }

  /** Returns the mean of |actual − predicted| / predicted over recent runs, 0 before the first. */
  public double relativeError() {
    return relativeError;
  }

  /** Returns how many times slower than at the survey the machine runs now. */
  public double machineFactor() {
    return machine;
  }

  /** Returns what a batch of the largest surveyed size costs beside its run, in seconds. */
  public double gapSeconds() {
    return gap * largestBatch;
  }

  private Curve curve(OperatingPoint point) {
    Curve curve = curves.get(point);
    if (curve == null) {
      throw new IllegalArgumentException(
          "the cost of " + point + " was not measured, only that of " + curves.keySet());
    }
    return curve;
  }
}
