package dev.vmoe.streams.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Decision;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.capacity.RunTime;
import dev.vmoe.core.capacity.Sample;
import dev.vmoe.core.capacity.Samples;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.metrics.Exposition;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.CapacityRequirements;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LearnedControllersTest {

  private static final Settings FILE = new Settings(Map.of("cost.survey.ms", 0));
  private static final QualityProfile QUALITY = QualityProfile.assumed(List.of(0.1, 0.5, 1.05), 2);
  private static final OperatingPoint BEST = new OperatingPoint(1.05, 2);
  private static final OperatingPoint FASTEST = new OperatingPoint(0.1, 1);

  private final Meters meters = new Meters();
  private final CostlyClassifier classifier = new CostlyClassifier();
  private final LearnedControllers controllers =
      LearnedControllers.survey(
          FILE,
          classifier,
          QUALITY,
          Pipeline.metrics(meters, classifier.card()).capacity(),
          percent -> {});

  /** Says that an image takes 1 ms for each tenth of slots a token. */
  private static final class CostlyClassifier implements BatchClassifier {
    private final FakeClassifier inner;
    private final double factor;

    CostlyClassifier() {
      this("fake", 1);
    }

    CostlyClassifier(String name, double factor) {
      this.inner = new FakeClassifier(Duration.ZERO, name);
      this.factor = factor;
    }

    @Override
    public ModelCard card() {
      return inner.card();
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      BatchResult result = inner.classify(images, numImages, priorities, settings);
      return new BatchResult(
          result.logits(),
          result.counts(),
          result.settings(),
          result.slots(),
          result.effectiveCapacityRatio(),
          Math.round(
              factor
                  * nanos(
                      new OperatingPoint(settings.capacityRatio(), settings.expertsPerToken()),
                      numImages)),
          new float[0][],
          new byte[0]);
    }

    static long nanos(OperatingPoint point, int images) {
      return Math.round(images * 10e6 * point.capacityRatio() * point.expertsPerToken());
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  private static LiveSettings live(Map<String, String> overrides) {
    return LiveSettings.of(FILE, overrides, null).forModels(List.of(new FakeClassifier().card()));
  }

  private static Sample sample(long backlog) {
    return Samples.of(1_000_000_000, 32, 0, 0, 0, null, new Load(backlog, 1, 0));
  }

  @Test
  void shouldTakeTheBestPointWhereNothingWaitsAndTheFastestWhereTooMuchDoes() {
    assertThat(controllers.create(live(Map.of())).decide(sample(32)).point()).isEqualTo(BEST);

    Decision overloaded = controllers.create(live(Map.of())).decide(sample(100_000));
    assertThat(overloaded.point()).isEqualTo(FASTEST);
    assertThat(overloaded.reason()).contains("overloaded");
  }

  @Test
  void shouldAskAnotherPolicyWithLadderAndBudgetOfTheSettings() {
    CapacityController controller =
        controllers.choosing(
            live(Map.of("capacity.ratio.min", "0.5")),
            (ladder, budget) -> {
              assertThat(budget.seconds()).isCloseTo(0.85, within(1e-9));
              return situation ->
                  situation.decision(ladder.cheapest(), ladder.routing(), "the cheapest");
            });
    Decision decision = controller.decide(sample(32));

    assertThat(decision.point()).isEqualTo(new OperatingPoint(0.5, 1));
    assertThat(decision.predictedDelayNanos())
        .isCloseTo(
            CostlyClassifier.nanos(decision.point(), 32), withinPercentage(10)); // as surveyed
  }

  @Test
  void shouldKeepToTheBounds() {
    LiveSettings bounded = live(Map.of("capacity.ratio.min", "0.5", "experts.per.token.min", "2"));

    assertThat(controllers.create(bounded).decide(sample(100_000)).point())
        .isEqualTo(new OperatingPoint(0.5, 2));
  }

  @Test
  void shouldStayAtAFixedPointThatNobodyHasMeasured() {
    LiveSettings fixed = live(Map.of("capacity.mode", "fixed", "capacity.ratio", "0.77"));
    CapacityController controller = controllers.create(fixed);
    OperatingPoint point = new OperatingPoint(0.77, 2);

    assertThat(controller.decide(sample(100_000)).point()).isEqualTo(point);
    RunTime run = new RunTime(point, 32, 1_000_000);
    Sample next = Samples.of(2_000_000_000, 32, 0, 0, 0, run, Load.UNKNOWN);
    assertThat(controller.decide(next).point()).isEqualTo(point);
  }

  @Test
  void shouldRecordWhatRunsCostAndWhatCouldBeAttained() {
    CapacityController controller = controllers.create(live(Map.of()));
    controller.decide(sample(32));
    RunTime run = new RunTime(BEST, 32, 2 * CostlyClassifier.nanos(BEST, 32));
    controller.decide(Samples.of(2_000_000_000, 32, 0, 0, 0, run, Load.UNKNOWN));

    String scrape = meters.scrape(Exposition.PROMETHEUS);
    assertThat(scrape).contains("vmoe_cost_error_ratio_count 1");
    assertThat(scrape).containsPattern("attainable\\w*\\{point=\"fastest\"\\} [1-9]");
  }

  @Test
  void shouldRefuseWhatAdaptiveModeCannotWorkWith() {
    assertRefused(
        Map.of("capacity.ratio.min", "3", "capacity.ratio.max", "4"),
        "no operating point of known quality is within");
    assertRefused(
        Map.of("batch.linger.ms", "700"), "target.latency.ms 1000 leaves 850 ms after commits");
    assertRefused(Map.of("target.latency.ms", "120"), "target.latency.ms 120 leaves 0 ms");
  }

  @Test
  void shouldAcceptBoundsBetweenTwoKnownRatios() {
    LiveSettings between = live(Map.of("capacity.ratio.min", "0.6", "capacity.ratio.max", "0.7"));

    assertThat(controllers.create(between).decide(sample(32)).point())
        .isEqualTo(new OperatingPoint(0.7, 2));
    assertThatNoException()
        .isThrownBy(() -> CapacityRequirements.check(between, FILE.commitInterval(), QUALITY));
  }

  @Test
  void shouldRefuseARoutingOfUnknownQuality() {
    QualityProfile batchPriority =
        new QualityProfile(
            List.of(new QualityProfile.Measurement(BEST, Routing.BATCH_PRIORITY, 32, 0.9)));
    LiveSettings vanilla = live(Map.of("routing", "vanilla"));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> CapacityRequirements.check(vanilla, FILE.commitInterval(), batchPriority))
        .withMessageContaining("known with routing vanilla are []");
  }

  @Test
  void shouldRefuseAnExpiryThatLeavesNoTime() {
    Map<String, String> fixed = Map.of("capacity.mode", "fixed", "target.latency.ms", "120");
    assertThatNoException().isThrownBy(() -> controllers.create(live(fixed)));
    Map<String, String> expiring = new HashMap<>(fixed);
    expiring.put("late.policy", "expire");
    assertRefused(expiring, "target.latency.ms 120 leaves 0 ms after commits");
  }

  @Test
  void shouldPredictARunAtTheFastestPointThatItMayChoose() {
    CapacityController controller = controllers.create(live(Map.of("capacity.ratio.min", "0.5")));
    OperatingPoint fastest = new OperatingPoint(0.5, 1);

    assertThat((double) controller.fastestRunNanos(32))
        .isCloseTo(CostlyClassifier.nanos(fastest, 32), withinPercentage(10));
    assertThat((double) controller.fastestRunNanos(4))
        .isCloseTo(CostlyClassifier.nanos(fastest, 4), withinPercentage(10));
    Map<String, String> unknown = Map.of("capacity.mode", "fixed", "capacity.ratio", "50");
    assertThat(controllers.create(live(unknown)).fastestRunNanos(32)).isZero();
  }

  private void assertRefused(Map<String, String> overrides, String reason) {
    LiveSettings refused = live(overrides);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> controllers.create(refused))
        .withMessageContaining(reason);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CapacityRequirements.check(refused, FILE.commitInterval(), QUALITY))
        .withMessageContaining(reason);
  }

  @Test
  void shouldChooseAmongThePointsOfSeveralModels() {
    CostlyClassifier cheap = new CostlyClassifier("cheap", 0.25);
    QualityProfile worse =
        new QualityProfile(
            List.of(
                new QualityProfile.Measurement(BEST, Routing.BATCH_PRIORITY, 32, 0.55),
                new QualityProfile.Measurement(BEST, Routing.VANILLA, 32, 0.55)));
    List<Integer> percents = new ArrayList<>();
    LearnedControllers both =
        LearnedControllers.survey(
            FILE,
            LiveSettings.of(FILE),
            List.of(
                new LearnedControllers.SurveyedModel(classifier, QUALITY),
                new LearnedControllers.SurveyedModel(cheap, worse)),
            Pipeline.metrics(new Meters(), classifier.card()).capacity(),
            percents::add);
    List<OperatingPoint> rungs = new ArrayList<>();
    both.choosing(
        live(Map.of()),
        (ladder, budget) -> {
          rungs.addAll(ladder.rungs());
          return situation -> situation.decision(ladder.cheapest(), ladder.routing(), "");
        });

    assertThat(rungs)
        .as("at a quarter of the cost, the other model is worth more than most points of the first")
        .contains(BEST, BEST.ofModel(1))
        .doesNotContain(new OperatingPoint(1.05, 1));
    assertThat(both.create(live(Map.of())).decide(sample(32)).point()).isEqualTo(BEST);
    assertThat(both.among(Set.of(1)).create(live(Map.of())).decide(sample(32)).point())
        .isEqualTo(BEST.ofModel(1));
    assertThat(percents).isSorted().allMatch(percent -> percent <= 100);
    assertThat(percents).as("of the second model").anyMatch(percent -> percent >= 50);
  }
}
