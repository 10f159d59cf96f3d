package dev.vmoe.lab.overload;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What happened in each second of a trace. */
public final class Timeline {

  /**
   * One second. Means and quantiles are those of the images answered in it, NaN where there are
   * none.
   *
   * @param second number of the second, from 0
   * @param arrivals images due in it
   * @param answered images answered in it
   * @param backlogImages images due and neither answered nor expired at its end
   * @param capacityRatio mean requested capacity ratio
   * @param slotsPerToken mean capacity ratio times K: slots of all experts over tokens
   * @param p50Ms median latency, in milliseconds
   * @param p99Ms latency within which 99 % came, in milliseconds
   */
  public record Second(
      int second,
      int arrivals,
      int answered,
      int backlogImages,
      double capacityRatio,
      double slotsPerToken,
      double p50Ms,
      double p99Ms) {}

  /** Length of the stretch over which a rate counts as sustained, in seconds. */
  private static final int SUSTAINED_SECONDS = 5;

  private Timeline() {}

  /** Returns the maximum of images answered a second over five seconds; NaN of less. */
  public static double sustainedPerSecond(List<Second> timeline) {
    double most = Double.NaN;
    for (int from = 0; from + SUSTAINED_SECONDS <= timeline.size(); from++) {
      int answered =
          timeline.subList(from, from + SUSTAINED_SECONDS).stream()
              .mapToInt(Second::answered)
              .sum();
      double perSecond = (double) answered / SUSTAINED_SECONDS;
      most = Double.isNaN(most) ? perSecond : Math.max(most, perSecond);
    }
    return most;
  }

  /** Returns the seconds of an outcome, from 0 to the last arrival or answer. */
  public static List<Second> of(TraceOutcome outcome) {
    int[] order = outcome.bySettling();
    List<Second> seconds = new ArrayList<>();
    int sent = 0;
    int settled = 0;
    while (sent < outcome.images() || settled < order.length) {
      int second = seconds.size();
      int sentBefore = sent;
      while (sent < outcome.images() && outcome.dueSeconds(sent) < second + 1) {
        sent++;
      }
      int settledBefore = settled;
      while (settled < order.length && outcome.settledSeconds(order[settled]) < second + 1) {
        settled++;
      }
      int[] images =
          Arrays.stream(order, settledBefore, settled).filter(outcome::isAnswered).toArray();
      double[] latencies = Arrays.stream(images).mapToDouble(outcome::latencySeconds).toArray();
      Arrays.sort(latencies);
      seconds.add(
          new Second(
              second,
              sent - sentBefore,
              images.length,
              sent - settled,
              Arrays.stream(images)
                  .mapToDouble(outcome::capacityRatio)
                  .average()
                  .orElse(Double.NaN),
              Arrays.stream(images)
                  .mapToDouble(i -> outcome.capacityRatio(i) * outcome.expertsPerToken(i))
                  .average()
                  .orElse(Double.NaN),
              1e3 * PolicyMetrics.quantile(latencies, 0.5),
              1e3 * PolicyMetrics.quantile(latencies, 0.99)));
    }
    return seconds;
  }
}
