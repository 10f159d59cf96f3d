package dev.vmoe.lab.sizing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.capacity.PointBounds;
import dev.vmoe.streams.output.Json;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Plans of a made-up model. */
@Timeout(300)
class PlannerTest {

  private static final Planner PLANNER =
      new Planner(Costs.forecaster(), List.of(32), List.of(5, 20));

  private static Demand demand(double rate, double latencySeconds, double burst, double giveUp) {
    return new Demand(rate, latencySeconds, burst, giveUp, 500, 0.1);
  }

  private static Plan plan(double rate, double latencySeconds, double burst) {
    return PLANNER.plan(demand(rate, latencySeconds, burst, 0.005));
  }

  @Test
  void shouldNeverTakeFewerInstancesForMoreImages() {
    int before = 0;
    for (double rate : new double[] {1, 300, 600, 700, 1_300, 5_000, 40_000}) {
      int instances = plan(rate, 1, 1).instances();
      assertThat(instances)
          .as("instances for %s images a second", rate)
          .isGreaterThanOrEqualTo(before);
      before = instances;
    }
    assertThat(before).as("of about 700 images a second").isBetween(50, 80);
  }

  @Test
  void shouldNeverTakeFewerInstancesForLessTimeOrHigherPeaksOrMoreAccuracy() {
    Batching batching = new Batching(32, 20);
    double usual = PLANNER.mostPerInstance(demand(1, 1, 1.5, 0.005), batching);
    assertThat(PLANNER.mostPerInstance(demand(1, 0.35, 1.5, 0.005), batching))
        .as("within 350 ms")
        .isPositive()
        .isLessThanOrEqualTo(usual);
    assertThat(PLANNER.mostPerInstance(demand(1, 1, 4, 0.005), batching))
        .as("peaks of four times the mean")
        .isPositive()
        .isLessThan(usual);
    assertThat(PLANNER.mostPerInstance(demand(1, 1, 1, 0.06), batching))
        .as("with accuracy to give up")
        .isGreaterThan(1.3 * usual);
  }

  @Test
  void shouldPlanWhatMeetsTheDemandAndSayThatFewerDoNot() {
    Plan plan = plan(5_000, 1, 1.5);
    assertThat(Json.tree(plan).fieldNames())
        .as("what a plan's JSON is read by")
        .toIterable()
        .contains("instances", "memory", "most_per_instance", "at_rate", "at_burst");

    assertThat(plan.atRate().p99Ms()).isLessThan(1_000);
    assertThat(plan.atBurst().p99Ms()).isLessThan(1_000);
    assertThat(plan.atRate().gaveUp()).isLessThanOrEqualTo(0.005 + 1e-9);
    assertThat(plan.atRate().imagesPerSecond()).isCloseTo(5_000.0 / plan.instances(), within(1e-6));
    assertThat(plan.alternatives())
        .anySatisfy(
            it -> {
              assertThat(it.instances()).isEqualTo(plan.instances() - 1);
              assertThat(it.meets()).isFalse();
            })
        .anySatisfy(
            it -> {
              assertThat(it.instances()).isEqualTo(plan.instances());
              assertThat(it.meets()).isTrue();
            });
    assertThat(plan.cores()).isEqualTo(2 * plan.instances());
    assertThat(plan.partitions()).isGreaterThanOrEqualTo(2 * plan.instances());
    assertThat(plan.limits())
        .isSortedAccordingTo(Comparator.comparingDouble(Plan.Limit::imagesPerSecond));
    assertThat(plan.limits().get(0).name()).isEqualTo("the model at its best point");
  }

  /**
   * At 350 images a second each, 20 ms fill 8 of 32 places, 5 ms few: the model would run on air.
   */
  @Test
  void shouldLingerToFillBatchesWhereThereIsTimeAndNotWhereThereIsNot() {
    assertThat(plan(350, 1, 1).batching()).isEqualTo(new Batching(32, 20));
    assertThat(plan(350, 0.17, 1).batching()).isEqualTo(new Batching(32, 5));
  }

  @Test
  void shouldTakeMoreHeapForLargerImages() {
    Batching batching = new Batching(32, 20);
    assertThat(InstanceMemory.of(Costs.made(), batching, 6, 500).heap()).isEqualTo(512);
    // 6 partitions × 4 × 32 images × 1 MiB = 768 MiB in flight, a quarter of the heap
    assertThat(InstanceMemory.of(Costs.made(), batching, 6, 1 << 20).heap()).isEqualTo(3_072);
    assertThat(InstanceMemory.of(Costs.made(), batching, 6, 500).direct())
        .isEqualTo(3.0 * 3 * 28 * 28 * 32 / (1 << 20));
  }

  @ParameterizedTest
  @CsvSource({"1, 6", "2, 4", "3, 6", "4, 12", "10, 60"})
  void shouldSpreadPartitionsEvenlyAlsoOnceAnInstanceIsLost(int instances, int partitions) {
    assertThat(Planner.partitions(instances)).isEqualTo(partitions);
  }

  @Test
  void shouldSayWhatAnImpossibleLatencyLeaves() {
    assertThatThrownBy(() -> plan(100, 0.1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a latency of 100 ms leaves 0 ms")
        .hasMessageContaining("--commit-interval");
    Forecaster hopeful =
        new Forecaster(
            Costs.made(),
            Costs.quality(),
            new PointBounds(0.1, 1.05, 1, 2),
            0.1,
            Duration.ofMillis(1));
    assertThatThrownBy(
            () -> new Planner(hopeful, List.of(32), List.of(20)).plan(demand(100, 0.042, 1, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no number of instances answers 99 % within 42 ms")
        .hasMessageContaining("an instance with next to no load needs 4");
  }

  @Test
  void shouldNotPlanBatchesThatWereNotMeasured() {
    assertThatThrownBy(() -> new Planner(Costs.forecaster(), List.of(32, 128), List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none of more than 64 was measured")
        .hasMessageContaining("--max-batch 128");
  }

  @Test
  void shouldRefuseDemandsThatMeanNothing() {
    assertThatThrownBy(() -> demand(0, 1, 1, 0)).hasMessageContaining("a rate of 0.0");
    assertThatThrownBy(() -> demand(Double.NaN, 1, 1, 0)).hasMessageContaining("a rate of NaN");
    assertThatThrownBy(() -> demand(1, -1, 1, 0)).hasMessageContaining("a latency of -1000.0 ms");
    assertThatThrownBy(() -> demand(1, 1, 0.5, 0)).hasMessageContaining("a burst of 0.5");
    assertThatThrownBy(() -> demand(1, 1, 1, 2)).hasMessageContaining("200.0 points");
  }
}
