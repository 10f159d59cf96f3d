package dev.vmoe.lab.overload;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * What came of each image of a trace. Times are seconds from the start of the trace; an image's
 * latency counts from the moment it was due, so a sender that falls behind hides nothing.
 *
 * <p>Not safe for use by several threads.
 */
public final class TraceOutcome {

  /** Which model answered is not known, or it is a mixture of several. */
  static final int UNKNOWN_MODEL = -1;

  private final ArrivalTrace trace;
  private final double[] answeredSeconds;
  private final double[] expiredSeconds;
  private final double[] correct;
  private final double[] capacityRatio;
  private final double[] expertsPerToken;
  private final int[] model;
  private int answered;
  private int expired;

  /** Creates an outcome without answers. */
  public TraceOutcome(ArrivalTrace trace) {
    this.trace = trace;
    this.answeredSeconds = new double[trace.images()];
    this.correct = new double[trace.images()];
    this.capacityRatio = new double[trace.images()];
    this.expertsPerToken = new double[trace.images()];
    this.model = new int[trace.images()];
    this.expiredSeconds = new double[trace.images()];
    Arrays.fill(answeredSeconds, Double.NaN);
    Arrays.fill(expiredSeconds, Double.NaN);
  }

  /** Notes an answer of the first model, or of the only one. */
  public boolean answer(int image, double seconds, double right, double ratio, double k) {
    return answer(image, seconds, right, 0, ratio, k);
  }

  /**
   * Notes an answer; a second one for the same image changes nothing.
   *
   * @param seconds when a read_committed client had it
   * @param right 1 if it was right, 0 if not; between them where it is an expectation
   * @param of index of the model that gave it
   * @param ratio requested capacity ratio
   * @param k experts a token was sent to
   * @return whether it is the image's first
   */
  public boolean answer(int image, double seconds, double right, int of, double ratio, double k) {
    if (isAnswered(image)) {
      return false;
    }
    answeredSeconds[image] = seconds;
    correct[image] = right;
    capacityRatio[image] = ratio;
    expertsPerToken[image] = k;
    model[image] = of;
    answered++;
    return true;
  }

  /**
   * Notes that an image was given back because it could no longer be answered in time.
   *
   * @param seconds when a read_committed client had that
   */
  public void expire(int image, double seconds) {
    if (!isAnswered(image) && !isExpired(image)) {
      expiredSeconds[image] = seconds;
      expired++;
    }
  }

  /** Returns how many images expired. */
  public int expired() {
    return expired;
  }

  /** Returns whether an image expired. */
  public boolean isExpired(int image) {
    return !Double.isNaN(expiredSeconds[image]);
  }

  /** Returns when an image was answered or expired; NaN if neither came. */
  double settledSeconds(int image) {
    return isExpired(image) ? expiredSeconds[image] : answeredSeconds[image];
  }

  /** Returns how many images were sent. */
  public int images() {
    return trace.images();
  }

  /** Returns how many images were answered. */
  public int answered() {
    return answered;
  }

  /** Returns whether an image was answered. */
  public boolean isAnswered(int image) {
    return !Double.isNaN(answeredSeconds[image]);
  }

  /** Returns when an image was due. */
  public double dueSeconds(int image) {
    return trace.seconds(image);
  }

  /** Returns when an image was answered; NaN if it never was. */
  public double answeredSeconds(int image) {
    return answeredSeconds[image];
  }

  /** Returns the time from due to answered; NaN if it never was. */
  public double latencySeconds(int image) {
    return answeredSeconds[image] - trace.seconds(image);
  }

  /** Returns how far an answer was right, 0 to 1; 0 without one. */
  public double correct(int image) {
    return correct[image];
  }

  /** Returns the capacity ratio an image was answered with. */
  public double capacityRatio(int image) {
    return capacityRatio[image];
  }

  /** Returns the K an image was answered with. */
  public double expertsPerToken(int image) {
    return expertsPerToken[image];
  }

  /** Returns the index of the model that answered an image; below 0 where that is not known. */
  public int model(int image) {
    return model[image];
  }

  /** Returns the share of the answered images that a model answered; 0 if none was answered. */
  public double shareOf(int index) {
    long of = IntStream.range(0, images()).filter(i -> isAnswered(i) && model[i] == index).count();
    return of == 0 ? 0 : (double) of / answered;
  }

  /** Returns the images that were answered or expired, in the order in which that came. */
  int[] bySettling() {
    return IntStream.range(0, images())
        .filter(image -> isAnswered(image) || isExpired(image))
        .boxed()
        .sorted(Comparator.comparingDouble(this::settledSeconds))
        .mapToInt(Integer::intValue)
        .toArray();
  }
}
