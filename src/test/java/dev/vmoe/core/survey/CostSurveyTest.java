package dev.vmoe.core.survey;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.vmoe.core.capacity.CostModel;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.capacity.Samples;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.importer.bundled.BundledModels;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class CostSurveyTest {

  private static final Routing ROUTING = Routing.BATCH_PRIORITY;
  private static final List<Integer> SIZES = List.of(1, 8, 32);

  private static List<OperatingPoint> points(double... ratios) {
    List<OperatingPoint> points = new ArrayList<>();
    for (int k = 1; k <= 2; k++) {
      for (double ratio : ratios) {
        points.add(new OperatingPoint(ratio, k));
      }
    }
    return points;
  }

  /**
   * Says that a run takes 2 ms, 1 ms an image, 1 ms more with K 2, and 0.01 ms a row of the
   * experts; now and then ten times as long.
   */
  private static class TimedClassifier implements BatchClassifier {

    private final BatchClassifier inner = new FakeClassifier();
    private final Random random = new Random(1);
    private final double pauses;
    private final double busiest;
    private int runs;

    TimedClassifier(double pauses) {
      this(pauses, 1);
    }

    /**
     * Creates a classifier.
     *
     * @param busiest share of the choices that find a slot at most: experts are unevenly loaded
     */
    TimedClassifier(double pauses, double busiest) {
      this.pauses = pauses;
      this.busiest = busiest;
    }

    double millis(OperatingPoint point, int images) {
      return 2 + images + (point.expertsPerToken() - 1) + 0.1 * rows(point, images);
    }

    /** 2 MoE layers of 4 experts, 5 tokens an image. */
    private int rows(OperatingPoint point, int images) {
      int k = point.expertsPerToken();
      int slots = 4 * Capacity.slots(5 * images, k, point.capacityRatio(), 4);
      return (int) (2 * Math.min(slots, busiest * 5 * images * k));
    }

    @Override
    public ModelCard card() {
      return inner.card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      runs++;
      BatchResult result = inner.classify(images, numImages, priorities, settings);
      OperatingPoint point =
          new OperatingPoint(settings.capacityRatio(), settings.expertsPerToken());
      double times = random.nextDouble() < pauses ? 10 : 1;
      RoutingCounts counts = result.counts();
      int[] dispatched = new int[counts.dispatched().length];
      dispatched[0] = rows(point, numImages);
      return new BatchResult(
          result.logits(),
          new RoutingCounts(
              counts.numImages(),
              counts.numLayers(),
              counts.numExperts(),
              counts.assigned(),
              dispatched,
              counts.gateSum(),
              counts.importance(),
              counts.skipped()),
          result.settings(),
          result.slots(),
          result.effectiveCapacityRatio(),
          Math.round(millis(point, numImages) * times * 1e6),
          new float[0][],
          new byte[0]);
    }

    @Override
    public void close() {}
  }

  private static CostSurvey.Surveyed survey(
      BatchClassifier classifier, List<OperatingPoint> points, Duration budget) {
    return new CostSurvey(classifier, ROUTING, 32, 1).measure(points, SIZES, budget, percent -> {});
  }

  private static void requireCost(
      CostSurvey.Surveyed result, TimedClassifier expected, List<OperatingPoint> points) {
    for (OperatingPoint point : points) {
      for (int images : List.of(8, 32)) {
        assertThat(result.cost().runSeconds(point, images) * 1000)
            .as("%s, %d images", point, images)
            .isCloseTo(expected.millis(point, images), within(0.001));
      }
      double between = 0.5 * expected.millis(point, 8) + 0.5 * expected.millis(point, 32);
      assertThat(result.cost().runSeconds(point, 20) * 1000).isCloseTo(between, within(0.001));
    }
  }

  @Test
  void shouldTakeTheMedianOfSeveralRounds() {
    TimedClassifier classifier = new TimedClassifier(0.1);
    List<OperatingPoint> points = points(0.1, 0.5, 1);
    CostSurvey.Surveyed result = survey(classifier, points, Duration.ofSeconds(20));
    assertThat(result.measured()).isEqualTo(18);
    assertThat(result.cells()).isEqualTo(18);
    assertThat(result.rounds()).isGreaterThan(5);
    requireCost(result, classifier, points);
  }

  @Test
  void shouldReadTheRestOffTheLineThatTheBudgetAllows() {
    TimedClassifier classifier = new TimedClassifier(0);
    List<OperatingPoint> points = points(0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2);
    CostSurvey.Surveyed result = survey(classifier, points, Duration.ZERO);
    assertThat(classifier.runs).isEqualTo(9); // 2 ratios · 2 K · 2 sizes, and one unrecorded
    assertThat(result.measured()).isEqualTo(8);
    assertThat(result.cells()).isEqualTo(48);
    assertThat(result.rounds()).isZero();
    assertThat(result.cost().points()).containsExactlyInAnyOrderElementsOf(points);
    for (OperatingPoint point : points) {
      assertThat(result.cost().runSeconds(point, 32) * 1000)
          .isCloseTo(classifier.millis(point, 32), within(0.001));
    }
  }

  @Test
  void shouldTakeExpertsToBeEvenlyLoadedWhereImagesAreNoise() {
    List<OperatingPoint> points = points(0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5);
    CostSurvey.Surveyed result = survey(new TimedClassifier(0, 0.4), points, Duration.ofSeconds(2));
    requireCost(result, new TimedClassifier(0), points);
  }

  /** Every single time is off by more than two neighbouring ratios differ. */
  @Test
  void shouldKeepTheRatiosInOrderWhereTimesAreNoisy() {
    TimedClassifier noisy =
        new TimedClassifier(0) {
          private final Random noise = new Random(5);

          @Override
          double millis(OperatingPoint point, int images) {
            return super.millis(point, images) * (1 + 0.1 * noise.nextGaussian());
          }
        };
    List<OperatingPoint> points = points(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1);
    CostModel cost = survey(noisy, points, Duration.ofSeconds(10)).cost();
    TimedClassifier truth = new TimedClassifier(0);
    for (int i = 0; i < 9; i++) {
      OperatingPoint point = points.get(i);
      assertThat(cost.runSeconds(point, 32) * 1000)
          .isCloseTo(truth.millis(point, 32), withinPercentage(5));
      if (i > 0) {
        assertThat(cost.runSeconds(point, 32))
            .isGreaterThan(cost.runSeconds(points.get(i - 1), 32));
      }
    }
  }

  /** At first something else takes the processors, just while there is much work. */
  @Test
  void shouldGoOnWhereWorkSeemsToSaveTime() {
    TimedClassifier disturbed =
        new TimedClassifier(0) {
          private int measured;

          @Override
          double millis(OperatingPoint point, int images) {
            double usual = super.millis(point, images);
            return measured++ < 40 ? 200 - usual : usual;
          }
        };
    List<OperatingPoint> points = points(0.1, 0.5, 1);
    CostModel cost = survey(disturbed, points, Duration.ofSeconds(6)).cost();
    TimedClassifier truth = new TimedClassifier(0);
    for (OperatingPoint point : points) {
      assertThat(cost.runSeconds(point, 32) * 1000)
          .isCloseTo(truth.millis(point, 32), withinPercentage(1));
    }
  }

  /** At first something else takes the processors, now and then; times rise by accident. */
  @Test
  void shouldGoOnWhereOnlyNoiseSeemsToRise() {
    TimedClassifier disturbed =
        new TimedClassifier(0) {
          private final Random noise = new Random(1);
          private int measured;

          @Override
          double millis(OperatingPoint point, int images) {
            double usual = super.millis(point, images);
            return measured++ < 40 ? usual + 100 * noise.nextDouble() : usual;
          }
        };
    List<OperatingPoint> points = points(0.1, 0.3, 0.5, 0.7, 1);
    CostSurvey.Surveyed result = survey(disturbed, points, Duration.ofSeconds(3));
    assertThat(result.clear()).isTrue();
    CostModel cost = result.cost();
    TimedClassifier truth = new TimedClassifier(0);
    for (OperatingPoint point : points) {
      assertThat(cost.runSeconds(point, 32) * 1000)
          .isCloseTo(truth.millis(point, 32), withinPercentage(1));
    }
  }

  @Test
  void shouldSayThatItIsNotClearWhatWorkTakes() {
    TimedClassifier disturbed =
        new TimedClassifier(0) {
          private final Random noise = new Random(1);

          @Override
          double millis(OperatingPoint point, int images) {
            return 200 + 100 * noise.nextDouble();
          }
        };
    assertThat(survey(disturbed, points(0.1, 0.3, 0.5, 0.7, 1), Duration.ofSeconds(3)).clear())
        .isFalse();
  }

  @Test
  void shouldKeepToItsBudgetAndSayHowFarItIs() {
    TimedClassifier classifier = new TimedClassifier(0);
    List<Integer> percents = new ArrayList<>();
    CostSurvey.Surveyed result =
        new CostSurvey(classifier, ROUTING, 32, 1)
            .measure(points(0.1, 0.3, 0.5, 0.7, 1), SIZES, Duration.ofMillis(700), percents::add);
    assertThat(result.measured()).isLessThan(result.cells());
    assertThat(percents).isSorted().last().isEqualTo(100);
  }

  @Test
  void shouldMeasureOnePointAtOneSize() {
    CostSurvey.Surveyed result =
        new CostSurvey(new TimedClassifier(0), ROUTING, 1, 1)
            .measure(
                List.of(new OperatingPoint(1, 1)), List.of(1), Duration.ofMillis(100), it -> {});
    assertThat(result.cost().runSeconds(new OperatingPoint(1, 1), 1))
        .isCloseTo(0.004, within(1e-6)); // 2 + 1 + 10 rows
  }

  @Test
  void shouldNameTheSizesUpToTheLargestBatch() {
    assertThat(CostSurvey.batchSizes(64)).containsExactly(1, 8, 32, 64);
    assertThat(CostSurvey.batchSizes(32)).containsExactly(1, 8, 32);
    assertThat(CostSurvey.batchSizes(5)).containsExactly(1, 5);
  }

  /** Ratios, not times, and wide: the machine may be busy with something else. */
  @Test
  void shouldPredictRunsOfTheBundledModel() throws IOException {
    try (VmoeSession session =
        VmoeSession.open(BundledModels.vmoe(), SessionSettings.on(Device.CPU))) {
      ByteBuffer images = CostSurvey.noise(session.card(), 32, 1);
      List<OperatingPoint> points = points(0.1, 0.5, 1.05);
      CostSurvey.Surveyed result =
          new CostSurvey(session, ROUTING, 32, 1)
              .measure(points, SIZES, Duration.ofSeconds(5), percent -> {});
      assertThat(result.rounds()).isPositive();
      CostModel cost = result.cost();
      OperatingPoint cheapest = new OperatingPoint(0.1, 1);
      OperatingPoint dearest = new OperatingPoint(1.05, 2);
      assertThat(cost.runSeconds(cheapest, 32)).isLessThan(cost.runSeconds(dearest, 32));

      RunTime lastRun = null;
      Random random = new Random(1);
      double errors = 0;
      for (int i = 0; i < 60; i++) {
        int size = i % 2 == 0 ? 32 : 20; // 20 was not measured
        OperatingPoint point = points.get(random.nextInt(points.size()));
        Sample sample = Samples.of(0, size, 0, 0, 0, lastRun, Load.UNKNOWN);
        OptionalDouble predicted = cost.observe(sample, 32);
        if (lastRun != null) {
          errors += Math.abs(lastRun.nanos() / 1e9 / predicted.orElseThrow() - 1);
        }
        BatchResult run =
            session.classify(
                images,
                size,
                new RoutingSettings(point.capacityRatio(), point.expertsPerToken(), ROUTING));
        lastRun = new RunTime(point, size, run.inferenceNanos());
      }
      assertThat(errors / 59).isPositive().isLessThan(0.6);
      double factor = cost.runSeconds(cheapest, 32) / cost.surveyedSeconds(cheapest, 32);
      assertThat(factor).as("of the machine").isBetween(1 / 3.0, 3.0);
    }
  }
}
