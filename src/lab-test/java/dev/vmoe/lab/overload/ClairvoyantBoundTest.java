package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.lab.overload.AccuracyFrontier.Choice;
import dev.vmoe.lab.overload.ArrivalTrace.Phase;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class ClairvoyantBoundTest {

  private static final double TARGET = 0.5;

  /** 100 images a second at 90 %, 200 a second at 80 %, and between them 150 a second at 88 %. */
  private static final Choice FULL = new Choice(new OperatingPoint(1.05, 2), 0.01, 0.9);

  private static final Choice LOWEST = new Choice(new OperatingPoint(0.15, 1), 0.005, 0.8);
  private static final Choice BETWEEN = new Choice(new OperatingPoint(0.5, 1), 1 / 150.0, 0.88);
  private static final AccuracyFrontier TWO = new AccuracyFrontier(LOWEST, FULL, List.of());
  private static final AccuracyFrontier THREE =
      new AccuracyFrontier(LOWEST, FULL, List.of(BETWEEN));

  @Test
  void shouldHaveFullAccuracyAndNoViolationBelowTheFullRate() {
    PolicyMetrics bound = bound(even(80, 10), TWO);

    assertThat(bound.sloViolationRatio()).isZero();
    assertThat(bound.effectiveAccuracy()).isCloseTo(0.9, within(1e-12));
    assertThat(bound.meanCapacityRatio()).isCloseTo(1.05, within(1e-12));
    assertThat(bound.lost()).isZero();
  }

  @Test
  void shouldMixThePointsWhereNoneFitsExactly() {
    // 10 s and the half second that the last may still take, over 1500 images
    double seconds = (10 - 1 / 150.0 + TARGET) / 1500;
    double part = (seconds - 0.005) / 0.005;
    assertThat(bound(even(150, 10), TWO).effectiveAccuracy())
        .isCloseTo(0.8 + 0.1 * part, within(1e-9));

    PolicyMetrics three = bound(even(150, 10), THREE);
    double partOfThree = (seconds - 1 / 150.0) / (0.01 - 1 / 150.0);
    assertThat(three.sloViolationRatio()).isZero();
    assertThat(three.effectiveAccuracy())
        .isCloseTo(0.88 + 0.02 * partOfThree, within(1e-9))
        .isGreaterThan(0.88);
    assertThat(three.meanCapacityRatio()).isCloseTo(0.5 + 0.55 * partOfThree, within(1e-9));
  }

  @Test
  void shouldCountAsLateWhatTheLowestPointCannotAnswer() {
    // 10 s at 1.3 times the lowest rate; until the last deadline 10.5 s of it are served
    PolicyMetrics bound = bound(even(260, 10), TWO);

    double served = (10 + TARGET) * 200;
    assertThat(bound.images()).isEqualTo(2600);
    assertThat(bound.sloViolationRatio()).isCloseTo((2600 - served) / 2600, within(2.0 / 2600));
    assertThat(bound.lost()).isZero();
    // in time at the lowest point, the rest at leisure
    assertThat(bound.effectiveAccuracy())
        .isCloseTo((served * 0.8 + (2600 - served) * 0.9) / 2600, within(1e-3));
  }

  @Test
  void shouldStayLowAheadOfABurstThatIsToCome() {
    // a burst of 100 images at once: in half a second exactly what the lowest point answers
    double[] times = new double[150];
    for (int i = 0; i < 50; i++) {
      times[i] = i * 0.01;
    }
    Arrays.fill(times, 50, 150, 0.5);
    TraceOutcome outcome = ClairvoyantBound.of(new ArrivalTrace("burst", times), TWO, TARGET);

    assertThat(PolicyMetrics.of(outcome, TARGET).sloViolationRatio()).isZero();
    assertThat(outcome.capacityRatio(10)).isCloseTo(1.05, within(1e-9)); // has the time
    assertThat(outcome.capacityRatio(100)).isCloseTo(0.15, within(1e-9));
  }

  @Test
  void shouldServeAcrossSilence() {
    ArrivalTrace trace = new ArrivalTrace("sparse", new double[] {0, 5, 5, 20});
    TraceOutcome outcome = ClairvoyantBound.of(trace, TWO, TARGET);

    assertThat(IntStream.range(0, 4).mapToDouble(outcome::answeredSeconds))
        .usingComparatorForType((a, b) -> Math.abs(a - b) < 1e-9 ? 0 : 1, Double.class)
        .containsExactly(0.01, 5.01, 5.02, 20.01);
  }

  /** A policy that chooses at random must not answer more in time, nor as many more accurately. */
  @Property(tries = 300)
  void shouldNotBeBeatenByAnyPolicy(
      @ForAll long seed,
      @ForAll @DoubleRange(min = 20, max = 400) double perSecond,
      @ForAll @IntRange(min = 1, max = 60) int images,
      @ForAll @DoubleRange(min = 0, max = 1) double greed) {
    Random random = new Random(seed);
    double[] times = new double[images];
    for (int i = 1; i < images; i++) {
      times[i] = times[i - 1] + ArrivalTrace.exponential(random, perSecond);
    }
    ArrivalTrace trace = new ArrivalTrace("random", times);
    double target = 0.02 + 0.2 * random.nextDouble();
    TraceOutcome policy = new TraceOutcome(trace);
    double end = 0;
    for (int i = 0; i < images; i++) {
      double start = Math.max(end, times[i]);
      double spent = 0.005 + 0.005 * greed * random.nextDouble();
      if (random.nextInt(3) == 0) { // spends what is left until the deadline
        spent = Math.max(0.005, Math.min(0.01, times[i] + target - start));
      }
      end = start + spent;
      policy.answer(i, end, THREE.accuracy(spent), 1, 1);
    }

    PolicyMetrics bound = PolicyMetrics.of(ClairvoyantBound.of(trace, THREE, target), target);
    PolicyMetrics other = PolicyMetrics.of(policy, target);

    assertThat(bound.sloViolationRatio()).isLessThanOrEqualTo(other.sloViolationRatio());
    if (bound.sloViolationRatio() == other.sloViolationRatio()) {
      assertThat(bound.effectiveAccuracy())
          .isGreaterThanOrEqualTo(other.effectiveAccuracy() - 1e-9);
    }
  }

  /** The schedule can be carried out: one image at a time, none before it came. */
  @Property(tries = 200)
  void shouldServeOneImageAtATime(
      @ForAll long seed, @ForAll @DoubleRange(min = 20, max = 400) double perSecond) {
    ArrivalTrace trace =
        ArrivalTrace.poisson("random", List.of(new Phase(1, perSecond), new Phase(1, 50)), seed);

    TraceOutcome outcome = ClairvoyantBound.of(trace, TWO, 0.1);

    double work = 0;
    double free = 0;
    for (int image : outcome.bySettling()) {
      assertThat(outcome.latencySeconds(image)).isGreaterThanOrEqualTo(0.005 - 1e-9);
      double spent = 0.005 + 0.005 * (outcome.correct(image) - 0.8) / 0.1;
      work += spent;
      free = Math.max(free, outcome.dueSeconds(image));
      // what was answered so far fits into the time so far
      assertThat(work)
          .isLessThanOrEqualTo(outcome.answeredSeconds(image) - trace.seconds(0) + 1e-6);
    }
    assertThat(outcome.answered()).isEqualTo(trace.images());
  }

  /** Every bend of the string lies on a wall, and the walls hold. */
  @Property(tries = 300)
  void shouldPullTheStringTaut(@ForAll long seed, @ForAll @IntRange(min = 2, max = 50) int points) {
    Random random = new Random(seed);
    double[] floor = new double[points];
    double[] ceiling = new double[points];
    double height = 0;
    for (int k = 0; k < points; k++) {
      height += random.nextInt(5);
      floor[k] = height;
      ceiling[k] = height + random.nextInt(8);
    }
    ceiling[0] = floor[0];
    floor[points - 1] = ceiling[points - 1];

    double[] path = TautString.between(floor, ceiling);

    for (int k = 0; k < points; k++) {
      assertThat(path[k]).isBetween(floor[k], ceiling[k]);
    }
    for (int k = 1; k < points - 1; k++) {
      double turn = (path[k + 1] - path[k]) - (path[k] - path[k - 1]);
      if (turn > 1e-9) { // turns up: held down by the ceiling
        assertThat(path[k]).isEqualTo(ceiling[k]);
      } else if (turn < -1e-9) {
        assertThat(path[k]).isEqualTo(floor[k]);
      }
    }
  }

  private static PolicyMetrics bound(ArrivalTrace trace, AccuracyFrontier frontier) {
    return PolicyMetrics.of(ClairvoyantBound.of(trace, frontier, TARGET), TARGET);
  }

  private static ArrivalTrace even(int perSecond, int seconds) {
    return new ArrivalTrace(
        "even",
        IntStream.range(0, perSecond * seconds).mapToDouble(i -> (double) i / perSecond).toArray());
  }
}
