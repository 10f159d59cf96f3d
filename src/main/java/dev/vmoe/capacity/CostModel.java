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
 * run(i, b)   = surveyed(i, b) · machine · own(i)          b at least half of a full batch
 *             = surveyed(i, b) · machine · own(i) + wake   smaller
 * batch(i, b) = run(i, b) + gap · b
 * </pre>
 *
 * where {@code surveyed} is linear in the images b between measured batch sizes, {@code machine} is
 * one factor for all points and {@code own} one for each. {@code wake} is what a run costs after a
 * pause, whatever its size (threads sleep, caches are cold). {@code gap} is what an image costs
 * beside its run (decoding that nothing hides, hand-over).
 *
 * <p>Throughput matters to a busy instance. So the gap is learnt from batches of at least half a
 * full one with at least as much waiting behind them, the factors from all batches of that size,
 * and {@code wake} from smaller ones alone. If small batches taught the factors, an instance would
 * come out of a quiet hour taking itself for slow, and would never see that a better point keeps
 * up.
 *
 * <p>An error that shows right after a change of point is the point's. Any other is the machine's,
 * and so are all at the beginning. Both factors follow the mean of actual over predicted time, not
 * of its logarithm: a rare long run costs throughput, too.
 *
 * <p>Times are in seconds. {@link #observe} and everything learnt belong to one thread; {@link
 * #relativeError()}, {@link #machineFactor()}, {@link #gapSeconds()}, {@link #points()} and {@link
 * #surveyedSeconds} may be read by any.
 */
public final class CostModel {

  /** Weight of one full batch in the factors and the gap: they follow within some ten batches. */
  private static final double WEIGHT = 0.15;

  /** Weight of one run in the mean error. */
  private static final double ERROR_WEIGHT = 0.05;

  /** Runs after a change of point whose error is taken as the point's own. */
  private static final int SETTLING_RUNS = 10;

  /** Share of such an error that the point takes; later ones are all the machine's. */
  private static final double POINTS_SHARE = 0.8;

  /** Maximum factor by which a point differs from the survey; the rest is the machine. */
  private static final double MAX_POINT_FACTOR = 1.5;

  /**
   * Sum of weights of the first runs, whose error is all the machine's. Its speed may have changed
   * since the survey; otherwise only the points of the first runs would show it.
   */
  private static final double KNOWN_AFTER = 20 * WEIGHT;

  /** Maximum factor by which one run counts as slower or faster: a pause is no trend. */
  private static final double MAX_RUN_FACTOR = 4;

  private static final double NANOS = 1e9;

  /** Time after which half of what was learnt of a point is forgotten where it does not run. */
  private static final double HALF_FORGOTTEN_NANOS = 60 * NANOS;

  /** What was measured of one point, ascending in images and never falling in seconds. */
  private static final class Curve {
    final int[] images;
    final double[] seconds;
    double factor = 1;

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
  private final double longestRun;
  private final double shortestRun;

  /** Images of a full batch, as of the last sample; before that, the largest surveyed. */
  private volatile int fullBatch;

  private volatile double machine = 1;

  /** In seconds; negative where small batches run faster than the survey and the factors say. */
  private volatile double wake;

  /** Of an image. */
  private volatile double gap;

  private volatile double relativeError;

  private long observedNanos = Long.MIN_VALUE;
  private @Nullable RunTime lastRun;

  /** Whether enough images waited at the last sample to keep the instance busy. */
  private boolean busy;

  private int runsAtPoint;

  /** Sum of the weights of all runs so far. */
  private double learnt;

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
    fullBatch = survey.stream().mapToInt(RunTime::images).max().orElseThrow();
    largestBatch = fullBatch;
    shortestRun = survey.stream().mapToLong(RunTime::nanos).min().orElseThrow() / NANOS;
    longestRun = survey.stream().mapToLong(RunTime::nanos).max().orElseThrow() / NANOS;
  }

  /** Returns a model of the same survey that has observed nothing. */
  public CostModel unlearnt() {
    return new CostModel(survey);
  }

  /** Returns the points that were measured. */
  public List<OperatingPoint> points() {
    return points;
  }

  /**
   * Returns what the survey says of a run, whatever was observed since.
   *
   * @throws IllegalArgumentException if the point was not measured, or there is no image
   */
  public double surveyedSeconds(OperatingPoint point, int images) {
    requireImages(images);
    return curve(point).at(images);
  }

  /**
   * Returns how long a run of this many images takes.
   *
   * @throws IllegalArgumentException if the point was not measured, or there is no image
   */
  public double runSeconds(OperatingPoint point, int images) {
    requireImages(images);
    return busySeconds(curve(point), images) + (large(images) ? 0 : wake);
  }

  private double busySeconds(Curve curve, int images) {
    return curve.at(images) * machine * curve.factor;
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
   * Returns how long it takes to answer waiting images in batches of this many and one of the rest.
   *
   * @param images images that wait, 0 or more
   */
  public double backlogSeconds(OperatingPoint point, long images, int batchImages) {
    int rest = (int) (images % batchImages);
    long fullBatches = images / batchImages;
    double whole = fullBatches * batchSeconds(point, batchImages);
    return rest == 0 ? whole : whole + batchSeconds(point, rest);
  }

  /**
   * Learns from the run before this sample, and from how long the instance was idle before this
   * batch.
   *
   * @param fullBatchImages images of a full batch
   * @return what was predicted of that run, in seconds; empty if it is known already, or its point
   *     was not measured
   */
  public OptionalDouble observe(Sample sample, int fullBatchImages) {
    requireImages(fullBatchImages);
    fullBatch = fullBatchImages;
    RunTime run = sample.lastRun();
    forget(sample.nowNanos(), run == null ? null : run.point());
    OptionalDouble predicted = OptionalDouble.empty();
    if (run != null && isNew(run)) {
      Curve curve = curves.get(run.point());
      if (curve != null) { // else a fixed point that nobody measured
        predicted = OptionalDouble.of(runSeconds(run.point(), run.images()));
        learn(curve, run, busy);
      }
      lastRun = run;
    }
    busy = large(sample.waitingImages()) && large(sample.batchImages());
    if (run != null && busy) {
      double longest = 2 * gapSeconds() + longestRun * machine; // a pause of the machine is no gap
      double idle = Math.min(sample.idleNanos() / NANOS, longest);
      gap = gap + weight(sample.batchImages()) * (idle / sample.batchImages() - gap);
    }
    return predicted;
  }

  /** A point that does not run cannot show that it has recovered: what was learnt of it fades. */
  private void forget(long nowNanos, @Nullable OperatingPoint running) {
    double kept = Math.pow(0.5, Math.max(0, nowNanos - observedNanos) / HALF_FORGOTTEN_NANOS);
    boolean first = observedNanos == Long.MIN_VALUE;
    observedNanos = nowNanos;
    if (first) {
      return;
    }
    curves.forEach(
        (point, curve) -> {
          if (!point.equals(running)) {
            curve.factor = Math.pow(curve.factor, kept);
          }
        });
  }

  /** A run that failed leaves the one before it in the sample: the same object once more. */
  @SuppressWarnings("ReferenceEquality")
  private boolean isNew(RunTime run) {
    return run != lastRun;
  }

  private void learn(Curve curve, RunTime run, boolean wasBusy) {
    boolean same = lastRun == null || lastRun.point().equals(run.point());
    runsAtPoint = same ? runsAtPoint + 1 : 1;
    double seconds = run.nanos() / NANOS;
    double busySeconds = busySeconds(curve, run.images());
    double rest = wasBusy ? 0 : wake;
    double expected = busySeconds + rest;
    double error = Math.abs(seconds / expected - 1);
    relativeError =
        lastRun == null ? error : relativeError + ERROR_WEIGHT * (error - relativeError);
    if (!large(run.images())) {
      double slower = wake + WEIGHT * (seconds - expected);
      wake = Math.min(longestRun / 4, Math.max(-shortestRun / 2, slower)); // no run takes no time
      return;
    }
    double ratio = (seconds - rest) / busySeconds;
    double step =
        weight(run.images()) * (Math.min(MAX_RUN_FACTOR, Math.max(1 / MAX_RUN_FACTOR, ratio)) - 1);
    boolean settling = learnt >= KNOWN_AFTER && runsAtPoint <= SETTLING_RUNS;
    double own = settling ? POINTS_SHARE : 0;
    curve.factor =
        Math.min(MAX_POINT_FACTOR, Math.max(1 / MAX_POINT_FACTOR, curve.factor * (1 + own * step)));
    machine *= 1 + (1 - own) * step;
    learnt += weight(run.images());
  }

  private boolean large(int images) {
    return 2 * images >= fullBatch;
  }

  private double weight(int images) {
    return WEIGHT * Math.min(1, (double) images / largestBatch);
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

  private static void requireImages(int images) {
    if (images < 1) {
      throw new IllegalArgumentException("a run of " + images + " images");
    }
  }
}
