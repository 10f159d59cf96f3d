package dev.vmoe.core.capacity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.moe.Routing;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class LadderTest {

  private static final Routing ROUTING = Routing.BATCH_PRIORITY;

  private static Ladder ladder(PointBounds bounds, double[]... points) {
    List<RunTime> survey = new ArrayList<>();
    List<QualityProfile.Measurement> quality = new ArrayList<>();
    for (double[] p : points) {
      OperatingPoint point = new OperatingPoint(p[0], (int) p[1]);
      survey.add(new RunTime(point, 32, Math.round(p[2] * 1e6)));
      quality.add(new QualityProfile.Measurement(point, ROUTING, 32, p[3]));
    }
    return Ladder.of(new CostModel(survey), new QualityProfile(quality), ROUTING, 32, bounds);
  }

  @Test
  void shouldKeepOnlyPointsThatGiveMoreForMore() {
    Ladder ladder =
        ladder(
            DemoModel.ALL,
            new double[] {0.1, 1, 20, 0.80},
            new double[] {0.2, 1, 25, 0.79}, // dearer and worse
            new double[] {0.5, 1, 30, 0.85},
            new double[] {0.3, 2, 34, 0.85}, // dearer and no better
            new double[] {1.0, 2, 45, 0.90},
            new double[] {0.9, 2, 44.5, 0.89}); // as dear, and worse
    assertThat(ladder.rungs())
        .containsExactly(
            new OperatingPoint(0.1, 1), new OperatingPoint(0.5, 1), new OperatingPoint(1.0, 2));
    assertThat(ladder.rungs().get(2)).isEqualTo(new OperatingPoint(1.0, 2));
  }

  @Test
  void shouldNotPayForADifferenceThatAProfileCannotTell() {
    Ladder ladder =
        ladder(
            DemoModel.ALL,
            new double[] {0.1, 1, 20, 0.9000},
            new double[] {0.3, 1, 25, 0.9006},
            new double[] {0.5, 1, 30, 0.9011},
            new double[] {1.0, 2, 45, 0.9019});
    assertThat(ladder.rungs())
        .containsExactly(new OperatingPoint(0.1, 1), new OperatingPoint(0.5, 1));
  }

  @Test
  void shouldStayWithinTheBounds() {
    Ladder ladder =
        ladder(
            new PointBounds(0.5, 1.0, 2, 2),
            new double[] {0.1, 2, 20, 0.80},
            new double[] {0.5, 2, 30, 0.85},
            new double[] {1.0, 2, 40, 0.88},
            new double[] {0.7, 1, 10, 0.87},
            new double[] {2.0, 2, 50, 0.90});
    assertThat(ladder.rungs())
        .containsExactly(new OperatingPoint(0.5, 2), new OperatingPoint(1.0, 2));
  }

  @Test
  void shouldGoToTheBoundsBetweenMeasuredRatios() {
    Ladder ladder =
        ladder(
            new PointBounds(0.6, 0.7, 2, 2),
            new double[] {0.5, 2, 30, 0.85},
            new double[] {1.0, 2, 40, 0.90});
    assertThat(ladder.rungs())
        .containsExactly(new OperatingPoint(0.6, 2), new OperatingPoint(0.7, 2));
    assertThat(ladder.between(0, 0.5)).isEqualTo(new OperatingPoint(0.65, 2));
    assertThat(ladder.between(0, 0.0001)).isEqualTo(new OperatingPoint(0.6, 2));
  }

  @Test
  void shouldSayWhatIsKnownWhenNothingIsWithinTheBounds() {
    assertThatThrownBy(() -> ladder(new PointBounds(3, 4, 1, 2), new double[] {0.1, 2, 20, 0.80}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("minRatio=3.0")
        .hasMessageContaining("capacityRatio=0.1");
    assertThatThrownBy(() -> new PointBounds(2, 1, 1, 1)).hasMessageContaining("2.0 to 1.0");
  }

  @Property(tries = 200)
  void shouldRiseInCostAndQuality(
      @ForAll @Size(min = 1, max = 20) List<@DoubleRange(min = 1, max = 60) Double> millis,
      @ForAll @Size(min = 20, max = 20) List<@DoubleRange(min = 0, max = 1) Double> accuracies) {
    double[][] points = new double[millis.size()][];
    for (int i = 0; i < points.length; i++) {
      points[i] = new double[] {0.1 * (i + 1), 1, millis.get(i), accuracies.get(i)};
    }
    List<OperatingPoint> rungs = ladder(DemoModel.ALL, points).rungs();
    assertThat(rungs).isNotEmpty();
    double cost = 0;
    double quality = -1;
    for (OperatingPoint rung : rungs) {
      double[] p = points[(int) Math.round(rung.capacityRatio() * 10) - 1];
      assertThat(p[2]).isGreaterThan(cost);
      assertThat(p[3]).isGreaterThan(quality);
      cost = p[2];
      quality = p[3];
    }
    double best =
        accuracies.subList(0, points.length).stream().mapToDouble(it -> it).max().orElse(0);
    assertThat(quality).isEqualTo(best);
  }

  /** A V-MoE, its twin in bytes with the same points, and a dense one. */
  private static Ladder ofThree(PointBounds bounds) {
    OperatingPoint half = new OperatingPoint(0.5, 2);
    OperatingPoint full = new OperatingPoint(1.0, 2);
    CostModel cost =
        CostModel.ofModels(
            List.of(
                new CostModel(List.of(run(half, 30), run(full, 40))),
                new CostModel(List.of(run(half, 15), run(full, 20))),
                new CostModel(List.of(run(OperatingPoint.DENSE, 10)))));
    QualityProfile quality =
        QualityProfile.ofModels(
            List.of(
                new QualityProfile(List.of(accuracy(half, 0.88), accuracy(full, 0.93))),
                new QualityProfile(List.of(accuracy(half, 0.87), accuracy(full, 0.92))),
                new QualityProfile(List.of(accuracy(OperatingPoint.DENSE, 0.80)))));
    return Ladder.of(cost, quality, ROUTING, 32, bounds);
  }

  private static RunTime run(OperatingPoint point, long millis) {
    return new RunTime(point, 32, millis * 1_000_000);
  }

  private static QualityProfile.Measurement accuracy(OperatingPoint point, double accuracy) {
    return new QualityProfile.Measurement(point, ROUTING, 32, accuracy);
  }

  @Test
  void shouldTakeTheFrontOfSeveralModels() {
    Ladder ladder = ofThree(DemoModel.ALL);

    assertThat(ladder.rungs())
        .as("not the first model at half its ratio: the second is faster and better at full")
        .containsExactly(
            OperatingPoint.DENSE.ofModel(2),
            new OperatingPoint(1, 0.5, 2),
            new OperatingPoint(1, 1.0, 2),
            new OperatingPoint(0, 1.0, 2));
    assertThat(ladder.between(1, 0.5)).isEqualTo(new OperatingPoint(1, 0.75, 2));
    assertThat(ladder.between(0, 0.5)).as("of two models").isEqualTo(ladder.cheapest());
    assertThat(ladder.between(2, 0.5)).as("of two models").isEqualTo(ladder.rungs().get(2));
  }

  @Test
  void shouldGoToTheBoundsInEachModelButAlwaysHaveADenseOne() {
    assertThat(ofThree(new PointBounds(0.6, 0.8, 2, 2, Set.of(2))).rungs())
        .containsExactly(
            OperatingPoint.DENSE.ofModel(2),
            new OperatingPoint(1, 0.6, 2),
            new OperatingPoint(1, 0.8, 2),
            new OperatingPoint(0, 0.8, 2));
    assertThat(ofThree(new PointBounds(0.6, 0.8, 2, 2)).rungs())
        .as("a dense model that is bound as the others are")
        .doesNotContain(OperatingPoint.DENSE.ofModel(2));
  }
}
