package dev.vmoe.core.survey;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * The time of runs of one batch size, as a straight line over what the experts have to do, parallel
 * ones for each K:
 *
 * <pre>
 *   time = base(K) + slope · work
 * </pre>
 *
 * by least squares. One measured time is off by more than neighbouring capacity ratios differ; a
 * line through all of them is not.
 */
final class RunTimeLine {

  /**
   * A measured time.
   *
   * @param expertsPerToken K
   * @param work rows that experts computed, over all MoE layers
   * @param nanos time of a run, in nanoseconds
   */
  record MeasuredTime(int expertsPerToken, double work, double nanos) {}

  /** Minimum slope that is taken for more than noise, in standard errors. */
  private static final double CLEARLY = 3;

  private final boolean rises;
  private final double slope;
  private final double shortest;
  private final Map<Integer, Double> bases;

  private RunTimeLine(boolean rises, double slope, double shortest, Map<Integer, Double> bases) {
    this.rises = rises;
    this.slope = slope;
    this.shortest = shortest;
    this.bases = bases;
  }

  static RunTimeLine through(List<MeasuredTime> measured) {
    Collection<List<MeasuredTime>> byExperts =
        measured.stream().collect(Collectors.groupingBy(MeasuredTime::expertsPerToken)).values();
    List<MeasuredTime> offMean = new ArrayList<>();
    for (List<MeasuredTime> sameExperts : byExperts) {
      double meanWork = mean(sameExperts, MeasuredTime::work);
      double meanNanos = mean(sameExperts, MeasuredTime::nanos);
      for (MeasuredTime each : sameExperts) {
        offMean.add(
            new MeasuredTime(
                each.expertsPerToken(), each.work() - meanWork, each.nanos() - meanNanos));
      }
    }
    double squares = sum(offMean, each -> each.work() * each.work());
    double together = sum(offMean, each -> each.work() * each.nanos());
    double slope = squares == 0 ? 0 : Math.max(0, together / squares); // work saves no time
    double squaresOffLine = sum(offMean, each -> Math.pow(each.nanos() - slope * each.work(), 2));
    int freedom = Math.max(1, measured.size() - byExperts.size() - 1);
    double error = Math.sqrt(squaresOffLine / freedom / squares);
    Map<Integer, Double> bases = new HashMap<>();
    for (List<MeasuredTime> sameExperts : byExperts) {
      bases.put(
          sameExperts.get(0).expertsPerToken(),
          mean(sameExperts, MeasuredTime::nanos) - slope * mean(sameExperts, MeasuredTime::work));
    }
    double shortestMeasured = measured.stream().mapToDouble(MeasuredTime::nanos).min().orElse(2);
    return new RunTimeLine(
        squares == 0 || slope > CLEARLY * error, slope, shortestMeasured / 2, bases);
  }

  /**
   * Returns whether more work clearly takes more time, or different work of one K was not measured.
   * With few times, noise may look clear.
   */
  boolean rises() {
    return rises;
  }

  private static double sum(List<MeasuredTime> measured, ToDoubleFunction<MeasuredTime> value) {
    return measured.stream().mapToDouble(value).sum();
  }

  private static double mean(List<MeasuredTime> measured, ToDoubleFunction<MeasuredTime> value) {
    return measured.stream().mapToDouble(value).average().orElseThrow();
  }

  /**
   * Returns the time of a run in nanoseconds, not below half of the shortest that was measured;
   * nothing where none of this K was.
   *
   * @param work rows that experts compute
   */
  Optional<Double> nanos(int expertsPerToken, double work) {
    return Optional.ofNullable(bases.get(expertsPerToken))
        .map(base -> Math.max(shortest, base + slope * work));
  }
}
