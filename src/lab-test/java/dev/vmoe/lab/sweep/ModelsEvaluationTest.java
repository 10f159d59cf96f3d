package dev.vmoe.lab.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ModelsEvaluationTest {

  private static final RoutingSettings FULL = new RoutingSettings(4, 2, Routing.BATCH_PRIORITY);
  private static final RoutingSettings HALF = new RoutingSettings(0.5, 2, Routing.VANILLA);
  private static final RoutingSettings ONE = new RoutingSettings(4, 1, Routing.BATCH_PRIORITY);

  /**
   * Two batches. The V-MoE is right on 2 of 2 held-out images and 2 of 3 unseen ones, its twin on
   * none and on the one that the V-MoE misses.
   */
  private static ModelsEvaluation evaluated() {
    ModelsEvaluation evaluation =
        new ModelsEvaluation(
            new FirstPixel("moe", 0), List.of(FULL, HALF, ONE), new FirstPixel("dense", 1), 4);
    evaluation.add(new FirstPixel("dense-small", 0), List.of(FULL));
    evaluation.add(
        FirstPixel.images(0, 1, 2, 1),
        new int[] {0, 1, 2, 2},
        List.of("held-out", "held-out", "unseen", "unseen"));
    evaluation.add(FirstPixel.images(2), new int[] {2}, List.of("unseen"));
    return evaluation;
  }

  @Test
  void shouldTellTheSplitsOfEveryModelApart() {
    List<EvaluatedModel> models = evaluated().models();

    assertThat(models)
        .extracting(model -> model.card().name())
        .containsExactly("moe", "dense", "dense-small");
    assertThat(models).extracting(model -> model.points().size()).containsExactly(3, 1, 1);
    EvaluatedPoint half = models.get(0).points().get(1);
    assertThat(half.splits().keySet()).containsExactly("held-out", "unseen");
    assertThat(half.split("held-out").images()).isEqualTo(2);
    assertThat(half.split("held-out").accuracy().mean()).isEqualTo(1);
    assertThat(half.split("unseen").images()).isEqualTo(3);
    assertThat(half.split("unseen").accuracy().mean()).isCloseTo(2 / 3.0, within(1e-9));
    assertThat(models.get(1).points().get(0).split("unseen").accuracy().mean())
        .isCloseTo(1 / 3.0, within(1e-9));
    assertThat(half.row().images()).isEqualTo(5);
  }

  @Test
  void shouldPairEveryModelWithTheTwinInEachSplit() {
    List<EvaluatedModel> models = evaluated().models();

    for (int model : new int[] {0, 2}) {
      EvaluatedPoint point = models.get(model).points().get(0);
      // gained 2 images of 3, lost 1: mean 1/3, variance 1 - 1/9, half width 1.96 sqrt(8/9 / 3)
      Interval unseen = Objects.requireNonNull(point.split("unseen").minusTwin());
      assertThat(unseen.mean()).isCloseTo(1 / 3.0, within(1e-9));
      assertThat(unseen.high() - unseen.mean()).isCloseTo(1.96 * Math.sqrt(8 / 27.0), within(1e-9));
      assertThat(Objects.requireNonNull(point.split("held-out").minusTwin()))
          .isEqualTo(new Interval(1, 1, 1));
    }
    assertThat(models.get(1).points().get(0).split("unseen").minusTwin()).isNull();
  }

  @Test
  void shouldGiveASetWithoutSplitsOneOfAll() {
    ModelsEvaluation evaluation =
        new ModelsEvaluation(new FirstPixel("moe", 0), List.of(FULL), null, 4);
    evaluation.add(FirstPixel.images(0, 1), new int[] {0, 0}, List.of("", ""));

    EvaluatedPoint point = evaluation.models().get(0).points().get(0);
    assertThat(point.splits().keySet()).containsExactly(SplitResult.ALL);
    assertThat(point.split("all").accuracy().mean()).isEqualTo(0.5);
    assertThat(point.split("all").minusTwin()).isNull();
  }

  @Test
  void shouldNotCallImagesWithoutASplitAllWhereOthersHaveOne() {
    ModelsEvaluation evaluation =
        new ModelsEvaluation(new FirstPixel("moe", 0), List.of(FULL), null, 4);
    evaluation.add(FirstPixel.images(0, 1, 0), new int[] {0, 0, 0}, List.of("", "", "unseen"));

    EvaluatedPoint point = evaluation.models().get(0).points().get(0);
    assertThat(point.splits().keySet()).containsExactly(SplitResult.WITHOUT, "unseen");
    assertThat(point.split(SplitResult.WITHOUT).images()).isEqualTo(2);
    assertThat(point.split(SplitResult.WITHOUT).accuracy().mean()).isEqualTo(0.5);
  }

  @Test
  void shouldFindTheFewestChoicesThatMeetTheTwin() {
    ModelsEvaluation evaluation = evaluated();
    EvaluatedModel model = evaluation.models().get(0);
    EvaluatedModel twin = evaluation.twin().orElseThrow();

    TwinMet met = TwinMet.of(model, twin, "unseen").orElseThrow();

    // K 2 with half of the choices dropped, or K 1 with none: both are half of the choices
    assertThat(met.point().choices()).isEqualTo(0.5);
    assertThat(model.points()).extracting(EvaluatedPoint::choices).containsExactly(1.0, 0.5, 0.5);
    assertThat(met.accuracy()).isGreaterThan(met.twinAccuracy());
    EvaluatedModel better = evaluation.models().get(2);
    assertThat(TwinMet.of(twin, better, "unseen")).isEqualTo(Optional.empty());
  }
}
