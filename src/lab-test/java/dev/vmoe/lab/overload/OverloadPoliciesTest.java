package dev.vmoe.lab.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.capacity.Load;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.capacity.QualityProfile;
import dev.vmoe.core.capacity.Samples;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.FakeClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.ModelCards;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.streams.instance.LearnedControllers;
import dev.vmoe.streams.instance.LearnedControllers.SurveyedModel;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class OverloadPoliciesTest {

  private static final RoutingSettings FULL = new RoutingSettings(1.05, 2, Routing.BATCH_PRIORITY);
  private static final RoutingSettings LOWEST =
      new RoutingSettings(0.15, 1, Routing.BATCH_PRIORITY);
  private static final int NOTHING_WAITS = 0;
  private static final int TOO_MANY_WAIT = 100_000;

  private static final TimedModel SPARSE = new TimedModel(card("sparse", 8), 1);
  private static final TimedModel LARGE = new TimedModel(card("large", 0), 1.2);
  private static final TimedModel INT8 = new TimedModel(card("int8", 8), 0.5);
  private static final TimedModel SMALL = new TimedModel(card("small", 0), 0.1);

  /** Says that an image takes so many milliseconds for each slot a token. */
  private record TimedModel(ModelCard card, double millis) implements BatchClassifier {

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      BatchResult result = new FakeClassifier().classify(images, numImages, priorities, settings);
      return new BatchResult(
          result.logits(),
          result.counts(),
          result.settings(),
          result.slots(),
          result.effectiveCapacityRatio(),
          Math.round(
              1e6 * millis * numImages * settings.capacityRatio() * settings.expertsPerToken()),
          new float[0][],
          new byte[0]);
    }

    @Override
    public void close() {}
  }

  private static ModelCard card(String name, int experts) {
    ModelCard fake = new FakeClassifier().card();
    return ModelCards.of(
        name,
        "0000",
        fake.classes(),
        fake.imageSize(),
        fake.tokensPerImage(),
        experts == 0 ? List.of() : fake.moeBlocks(),
        experts,
        Math.min(2, experts),
        1.05,
        true,
        "bilinear",
        "none");
  }

  @Test
  void shouldHaveFivePoliciesForOneModel() {
    assertThat(OverloadPolicies.names(List.of(SPARSE.card())))
        .containsExactly("fixed_full", "fixed_low", "proportional", "adaptive", "adaptive_expire");
  }

  @Test
  void shouldSwitchOnlyWhereThereAreTwoDenseModels() {
    assertThat(OverloadPolicies.names(List.of(SPARSE.card(), INT8.card())))
        .endsWith("adaptive_expire", "adaptive_all")
        .doesNotContain("fixed_dense", "switching");
    assertThat(OverloadPolicies.names(List.of(SPARSE.card(), INT8.card(), SMALL.card())))
        .endsWith("adaptive_expire", "fixed_dense", "adaptive_all");
    assertThat(OverloadPolicies.names(List.of(SPARSE.card(), LARGE.card(), SMALL.card())))
        .endsWith("adaptive_expire", "fixed_dense", "switching", "adaptive_all");
  }

  @Test
  void shouldChooseAmongTheModelsOfThePolicy() {
    assertThat(chosen("fixed_full", TOO_MANY_WAIT)).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(chosen("proportional", NOTHING_WAITS)).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(chosen("proportional", TOO_MANY_WAIT)).isEqualTo(new OperatingPoint(0.15, 1));
    assertThat(chosen("adaptive", NOTHING_WAITS)).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(chosen("adaptive", TOO_MANY_WAIT)).isEqualTo(new OperatingPoint(0.15, 1));
    assertThat(chosen("fixed_dense", TOO_MANY_WAIT)).isEqualTo(OperatingPoint.DENSE.ofModel(1));
    assertThat(chosen("switching", NOTHING_WAITS)).isEqualTo(OperatingPoint.DENSE.ofModel(1));
    assertThat(chosen("switching", TOO_MANY_WAIT)).isEqualTo(OperatingPoint.DENSE.ofModel(3));
    assertThat(chosen("adaptive_all", NOTHING_WAITS)).isEqualTo(new OperatingPoint(1.05, 2));
    assertThat(chosen("adaptive_all", TOO_MANY_WAIT))
        .as("cheaper than any point of the first model")
        .isEqualTo(new OperatingPoint(2, 0.15, 1));
  }

  private static OperatingPoint chosen(String name, long backlog) {
    List<TimedModel> models = List.of(SPARSE, LARGE, INT8, SMALL);
    List<ModelCard> cards = models.stream().map(TimedModel::card).toList();
    Settings file =
        new Settings(
            Map.of(
                Settings.COST_SURVEY_MS, 0,
                Settings.CAPACITY_RATIO_MIN, 0.15,
                Settings.CAPACITY_RATIO_MAX, 1.05));
    LiveSettings live = LiveSettings.of(file).forModels(cards);
    LearnedControllers learned =
        LearnedControllers.survey(
            file,
            live,
            List.of(
                new SurveyedModel(SPARSE, quality(0.93, 0.9)),
                new SurveyedModel(LARGE, dense(0.92)),
                new SurveyedModel(INT8, quality(0.925, 0.895)),
                new SurveyedModel(SMALL, dense(0.89))),
            Pipeline.metrics(new Meters(), cards.get(0)).capacity(),
            percent -> {});
    CapacityController controller =
        OverloadPolicies.of(FULL, LOWEST, learned, live, cards).stream()
            .filter(policy -> policy.name().equals(name))
            .findFirst()
            .orElseThrow()
            .controller()
            .get();
    return controller
        .decide(Samples.of(1_000_000_000, 32, 0, 0, 0, null, new Load(32 + backlog, 1, 0)))
        .point();
  }

  private static QualityProfile quality(double full, double lowest) {
    return new QualityProfile(
        List.of(
            measured(new OperatingPoint(1.05, 2), full),
            measured(new OperatingPoint(0.15, 1), lowest)));
  }

  private static QualityProfile dense(double accuracy) {
    return new QualityProfile(List.of(measured(OperatingPoint.DENSE, accuracy)));
  }

  private static QualityProfile.Measurement measured(OperatingPoint point, double accuracy) {
    return new QualityProfile.Measurement(point, Routing.BATCH_PRIORITY, 1, accuracy);
  }

  @Test
  void shouldEvaluateOnlyPointsThatAModelHas() {
    List<Double> ratios = List.of(1.05, 0.5);

    assertThat(EvaluatedModels.points(SPARSE.card(), LOWEST, FULL, ratios))
        .containsExactly(LOWEST, FULL, at(0.5, 2), at(1.05, 1), at(0.5, 1));
    assertThat(EvaluatedModels.points(SMALL.card(), LOWEST, FULL, ratios))
        .containsExactly(at(1.05, 1));
  }

  private static RoutingSettings at(double ratio, int k) {
    return new RoutingSettings(ratio, k, Routing.BATCH_PRIORITY);
  }
}
