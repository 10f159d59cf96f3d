package dev.vmoe.lab.overload;

import dev.vmoe.lab.overload.AccuracyFrontier.Choice;
import java.util.Arrays;

/**
 * What the best policy could do that knows every arrival beforehand: fewest violations first, then
 * the best accuracy.
 *
 * <p>The pipeline is one server that may spend any time between its fastest and its slowest on each
 * image and answers it the moment it is done. That leaves out what no policy can change (filling a
 * batch, the commit interval), so this is a bound, not a goal.
 *
 * <ol>
 *   <li>Fewest violations: serve in order at the fastest point and set aside every image that would
 *       be late even so. All take the same time and deadlines come in the order of arrivals, so a
 *       schedule that sets aside fewer does not answer more in time.
 *   <li>Best accuracy: image k ends at x(k), no later than its deadline and, since idling brings
 *       nothing, no earlier than the next arrival. Accuracy is a concave function of x(k) − x(k−1),
 *       so the {@link TautString} between the two has the largest sum.
 *   <li>Images set aside are answered at full quality while the others leave the server idle, and
 *       after them: an upper bound of their accuracy.
 * </ol>
 *
 * <p>Its latencies are those of that schedule, which spends time on quality wherever the target
 * leaves some; they are no bound of latency.
 */
public final class ClairvoyantBound {

  private final ArrivalTrace trace;
  private final AccuracyFrontier frontier;
  private final double target;
  private final TraceOutcome outcome;

  /** Images answered in time, in order. */
  private final int[] inTime;

  /** Images set aside, in order. */
  private final int[] setAside;

  private int nextAside;

  /** Time that the next of them has had, in seconds. */
  private double begun;

  /** When the server has nothing more to do for now, in seconds. */
  private double free;

  private ClairvoyantBound(ArrivalTrace trace, AccuracyFrontier frontier, double targetSeconds) {
    this.trace = trace;
    this.frontier = frontier;
    this.target = targetSeconds;
    this.outcome = new TraceOutcome(trace);
    int[] kept = new int[trace.images()];
    int[] late = new int[trace.images()];
    int numKept = 0;
    double end = 0;
    for (int i = 0; i < trace.images(); i++) {
      double would = Math.max(end, trace.seconds(i)) + frontier.fastest();
      if (would <= deadline(i) + PolicyMetrics.ROUNDING_SECONDS) {
        end = would;
        kept[numKept++] = i;
      } else {
        late[i - numKept] = i;
      }
    }
    this.inTime = Arrays.copyOf(kept, numKept);
    this.setAside = Arrays.copyOf(late, trace.images() - numKept);
  }

  /**
   * Returns what would come of each image; whether an answer is right is an expectation.
   *
   * @param targetSeconds latency within which an image is answered in time
   */
  public static TraceOutcome of(
      ArrivalTrace trace, AccuracyFrontier frontier, double targetSeconds) {
    return new ClairvoyantBound(trace, frontier, targetSeconds).serve();
  }

  private double deadline(int image) {
    return trace.seconds(image) + target;
  }

  private TraceOutcome serve() {
    int from = 0;
    while (from < inTime.length) {
      int to = from + 1;
      // past a silence longer than the target nothing that was before it matters
      while (to < inTime.length && trace.seconds(inTime[to]) <= deadline(inTime[to - 1])) {
        to++;
      }
      serve(from, to);
      from = to;
    }
    serveSetAside(Double.POSITIVE_INFINITY);
    return outcome;
  }

  /** Serves images in time, from one position to before another, between two silences. */
  private void serve(int from, int to) {
    int count = to - from;
    double[] floor = new double[count + 1];
    double[] ceiling = new double[count + 1];
    floor[0] = trace.seconds(inTime[from]);
    ceiling[0] = floor[0];
    for (int k = 1; k <= count; k++) {
      ceiling[k] = deadline(inTime[from + k - 1]);
      floor[k] = k == count ? ceiling[k] : trace.seconds(inTime[from + k]);
    }
    double[] ends = TautString.between(floor, ceiling);
    for (int k = 1; k <= count; k++) {
      double spent = Math.min(ends[k] - ends[k - 1], frontier.slowest());
      // As soon as it can: the string says how long, and its own ends are the latest.
      serveSetAside(trace.seconds(inTime[from + k - 1]));
      free = Math.max(free, trace.seconds(inTime[from + k - 1])) + spent;
      answer(inTime[from + k - 1], free, spent);
    }
  }

  /** Lets images that were set aside have the time until the server is needed again. */
  private void serveSetAside(double until) {
    while (nextAside < setAside.length) {
      double start = Math.max(free, trace.seconds(setAside[nextAside]));
      double end = start + frontier.slowest() - begun;
      if (end > until) {
        begun += Math.max(0, until - start);
        return;
      }
      begun = 0;
      free = end;
      answer(setAside[nextAside++], end, frontier.slowest());
    }
  }

  private void answer(int image, double end, double spent) {
    outcome.answer(
        image,
        end,
        frontier.accuracy(spent),
        frontier.ofFirstModel() ? 0 : TraceOutcome.UNKNOWN_MODEL,
        frontier.mean(spent, (Choice choice) -> choice.point().capacityRatio()),
        frontier.mean(spent, (Choice choice) -> choice.point().expertsPerToken()));
  }
}
