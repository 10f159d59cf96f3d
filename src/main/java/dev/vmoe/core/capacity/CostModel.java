package dev.vmoe.core.capacity;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How long a run takes at each operating point: surveyed once, then corrected by every real run.
 *
 * <pre>
 * run(i, b)   = surveyed(i, b) · machine
 * batch(i, b) = (run(i, b) + gap · b) / runs
 * </pre>
 *
 * where {@code surveyed} is linear in the images b between measured batch sizes, and in the
 * capacity ratio between measured ratios of one model and K; {@code machine} is one factor for all
 * points, {@code gap} is what an image costs beside its run (decoding that nothing hides,
 * hand-over), and {@code runs} how many go on at once.
 *
 * <p>The factor is actual over surveyed time, averaged over the last 0.2 s of running; small runs
 * teach as well. It fades towards the survey. The gap is learnt from full batches with a full one
 * behind them.
 *
 * <p>Times are in seconds. {@link #observe} belongs to one thread; the others may be called by any.
 */
public final class CostModel {

  /** Time of running over which the factor is averaged, in seconds. */
  private static final double MEMORY = 0.2;

  /** Time after which half of what was learnt has faded, in seconds. */
  private static final double HALF_LIFE = 60;

  /** Maximum factor by which one run counts as slower or faster: a pause is no trend. */
  private static final double MAX_RUN_FACTOR = 4;

  private static final double GAP_WEIGHT = 0.15;

  private static final double NANOS = 1e9;

  private final List<RunTime> survey;
  private final int runs;
  private final List<OperatingPoint> points;

  /** By model and K: what differs in the ratio alone lies on one curve. */
  private final Map<OperatingPoint, ByRatio<Curve>> curves = new HashMap<>();

  private volatile double machine = 1;

  private volatile double gap;

  private @Nullable Sample previous;

  public CostModel(List<RunTime> survey) {
    this(survey, 1);
  }

  /**
   * Creates a model from a survey.
   *
   * @param survey one typical run of each point at one batch size or more, as many going on at once
   *     as there will be
   * @param runs how many go on at once
   * @throws IllegalArgumentException if nothing was measured, or a point twice at the same size
   */
  public CostModel(List<RunTime> survey, int runs) {
    if (survey.isEmpty() || runs < 1) {
      throw new IllegalArgumentException(
          "a cost model of " + survey.size() + " measurements with " + runs + " runs at once");
    }
    this.survey = List.copyOf(survey);
    this.runs = runs;
    Map<OperatingPoint, List<RunTime>> byPoint =
        survey.stream()
            .collect(
                Collectors.groupingBy(RunTime::point, LinkedHashMap::new, Collectors.toList()));
    points = List.copyOf(byPoint.keySet());
    byPoint.forEach(
        (point, measured) ->
            curves
                .computeIfAbsent(curve(point), any -> new ByRatio<>())
                .at(point.capacityRatio(), Curve.of(measured)));
  }

  /**
   * Returns the cost of several models, whose points become those of model 0, 1, and so on.
   *
   * @param models each surveyed alone, at points of model 0, with the same runs at once
   */
  public static CostModel ofModels(List<CostModel> models) {
    List<RunTime> all = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      for (RunTime run : models.get(i).survey) {
        all.add(new RunTime(run.point().ofModel(i), run.images(), run.nanos()));
      }
    }
    return new CostModel(all, models.isEmpty() ? 1 : models.get(0).runs);
  }

  private static OperatingPoint curve(OperatingPoint point) {
    return new OperatingPoint(point.model(), 1, point.expertsPerToken());
  }

  /** Returns a model of the same survey that has observed nothing. */
  public CostModel unlearnt() {
    return new CostModel(survey, runs);
  }

  public int runs() {
    return runs;
  }

  public List<OperatingPoint> points() {
    return points;
  }

  /** Returns whether the cost of a point was measured, or lies between two that were. */
  public boolean knows(OperatingPoint point) {
    ByRatio<Curve> ratios = curves.get(curve(point));
    return ratios != null && ratios.knows(point.capacityRatio());
  }

  /**
   * Returns what the survey says of a run, whatever was observed since.
   *
   * @throws IllegalArgumentException if the cost of the point is not known, or there is no image
   */
  public double surveyedSeconds(OperatingPoint point, int images) {
    if (images < 1) {
      throw new IllegalArgumentException("a run of " + images + " images");
    }
    ByRatio<Curve> ratios = curves.get(curve(point));
    if (ratios == null || !ratios.knows(point.capacityRatio())) {
      throw new IllegalArgumentException(
          "the cost of " + point + " was not measured, only that of " + points);
    }
    return ratios.between(point.capacityRatio(), curve -> curve.at(images));
  }

  /** Returns how long a run takes; fails as {@link #surveyedSeconds} does. */
  public double runSeconds(OperatingPoint point, int images) {
    return surveyedSeconds(point, images) * machine;
  }

  /** Returns the time that a batch takes from the instance: its share of what runs at once. */
  public double batchSeconds(OperatingPoint point, int images) {
    return (runSeconds(point, images) + gap * images) / runs;
  }

  public double imagesPerSecond(OperatingPoint point, int batchImages) {
    return batchImages / batchSeconds(point, batchImages);
  }

  /**
   * Learns from the run before this sample, and from how long the instance was idle before this
   * batch.
   *
   * @param fullBatch images of a full batch
   * @return what was predicted of that run, in seconds; empty if it is known already, or the cost
   *     of its point is not
   */
  public OptionalDouble observe(Sample sample, int fullBatch) {
    Sample before = previous;
    previous = sample;
    RunTime run = sample.lastRun();
    OptionalDouble predicted = OptionalDouble.empty();
    if (run != null && isNew(run, before) && knows(run.point())) {
      predicted = OptionalDouble.of(runSeconds(run.point(), run.images()));
      learn(predicted.getAsDouble(), run.nanos() / NANOS);
    }
    if (before != null) {
      double passed = Math.max(0, sample.nowNanos() - before.nowNanos()) / NANOS;
      machine = 1 + (machine - 1) * Math.pow(0.5, passed / HALF_LIFE);
    }
    if (run != null && Math.min(sample.batchImages(), sample.waitingImages()) >= fullBatch) {
      double longest = gap + run.nanos() / NANOS / sample.batchImages(); // a pause is no gap
      double idle = sample.idleNanos() / NANOS / sample.batchImages();
      gap += GAP_WEIGHT * (Math.min(idle, longest) - gap);
    }
    return predicted;
  }

  /** A run that failed leaves the one before it in the sample: the same object once more. */
  @SuppressWarnings("ReferenceEquality")
  private static boolean isNew(RunTime run, @Nullable Sample before) {
    return before == null || run != before.lastRun();
  }

  private void learn(double predicted, double seconds) {
    double factor = Math.min(MAX_RUN_FACTOR, Math.max(1 / MAX_RUN_FACTOR, seconds / predicted));
    machine *= 1 + (1 - Math.exp(-predicted / MEMORY)) * (factor - 1);
  }

  /** Returns how many times slower than at the survey the machine runs now. */
  double machineFactor() {
    return machine;
  }

  /** Returns what an image costs beside its run, in seconds. */
  double gapSeconds() {
    return gap;
  }

  /** Seconds by images: linear between the sizes that were measured, and beyond them. */
  private record Curve(NavigableMap<Integer, Double> seconds) {

    static Curve of(List<RunTime> runs) {
      NavigableMap<Integer, Double> seconds = new TreeMap<>();
      for (RunTime run : runs) {
        if (seconds.put(run.images(), Math.max(1, run.nanos()) / NANOS) != null) {
          throw new IllegalArgumentException("measured twice: " + run);
        }
      }
      double longest = 0;
      for (Map.Entry<Integer, Double> entry : seconds.entrySet()) {
        longest = Math.max(longest, entry.getValue()); // more images never take less
        entry.setValue(longest);
      }
      return new Curve(seconds);
    }

    double at(int images) {
      Map.Entry<Integer, Double> first = seconds.firstEntry();
      double share = first.getValue() * images / first.getKey();
      if (seconds.size() == 1) {
        return share;
      }
      Map.Entry<Integer, Double> right = seconds.ceilingEntry(Math.max(images, first.getKey() + 1));
      Map.Entry<Integer, Double> left =
          right == null ? first : Objects.requireNonNull(seconds.lowerEntry(right.getKey()));
      right = right == null ? seconds.lastEntry() : right;
      double slope = (right.getValue() - left.getValue()) / (right.getKey() - left.getKey());
      double line = right.getValue() - slope * (right.getKey() - images);
      return images < first.getKey() ? Math.max(line, share) : line;
    }
  }
}
