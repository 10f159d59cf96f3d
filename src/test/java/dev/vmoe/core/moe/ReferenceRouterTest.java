package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

class ReferenceRouterTest {

  /** (3, 3): three tokens, three experts. */
  private static final float[] GATES = {
    .4f, .0f, .2f,
    .5f, .1f, .4f,
    .3f, .2f, .6f
  };

  private static final float[] ONES = {1, 1, 1};

  @Test
  void shouldKeepEarlierTokensInVanillaOrder() {
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 2, Routing.VANILLA, ONES);

    assertThat(keptChoices(plan)).containsExactly("t0→e0 .4", "t0→e2 .2", "t1→e0 .5", "t2→e2 .6");
    assertThat(plan.slot(0, 0)).isEqualTo(0);
    assertThat(plan.slot(1, 0)).isEqualTo(1);
    assertThat(plan.slot(2, 0)).isEqualTo(0);
    assertThat(plan.slot(0, 1)).isEqualTo(1);
  }

  @Test
  void shouldKeepTokensWithTheLargestGatesInBatchPriorityOrder() {
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 2, Routing.BATCH_PRIORITY, ONES);

    assertThat(keptChoices(plan)).containsExactly("t0→e0 .4", "t1→e0 .5", "t1→e2 .4", "t2→e2 .6");
    assertThat(plan.slot(1, 0)).isEqualTo(0);
    assertThat(plan.slot(0, 0)).isEqualTo(1);
  }

  @Test
  void shouldLetAnImageOfHigherPriorityClaimFirst() {
    float[] priority = {2, 1, 1};
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 1, Routing.BATCH_PRIORITY, priority);

    // keys .8 .5 .6: t0 takes e0, t2 takes e2, and no second choice finds room
    assertThat(keptChoices(plan)).containsExactly("t0→e0 .4", "t2→e2 .6");
    assertThat(plan.skippedTokens()).isEqualTo(1);
  }

  @Test
  void shouldIgnorePriorityInVanillaOrder() {
    float[] priority = {0, 1, 2};
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 2, Routing.VANILLA, priority);

    assertThat(keptChoices(plan)).containsExactly("t0→e0 .4", "t0→e2 .2", "t1→e0 .5", "t2→e2 .6");
  }

  @Test
  void shouldServeAllFirstChoicesBeforeAnySecondChoice() {
    // token 0 is the most important, but its second choice waits for token 1's first
    float[] gates = {.6f, .4f, .45f, .55f};
    for (Routing routing : Routing.values()) {
      DispatchPlan plan = ReferenceRouter.route(gates, 2, 2, 1, routing);

      assertThat(keptChoices(plan)).containsExactly("t0→e0 .6", "t1→e1 .55");
    }
  }

  @Test
  void shouldBreakTiesByLowerExpertAndEarlierToken() {
    float[] gates = {.25f, .25f, .25f, .25f, .25f, .25f, .25f, .25f};
    DispatchPlan plan = ReferenceRouter.route(gates, 4, 2, 1, Routing.BATCH_PRIORITY);

    assertThat(keptChoices(plan)).containsExactly("t0→e0 .25", "t0→e1 .25");
  }

  @Test
  void shouldTreatGatesThatDifferBelowTheKeyAsTies() {
    float small = 0x1p-31f;
    assertThat(ReferenceRouter.priorityKey(small, 1)).isZero();
    DispatchPlan plan =
        ReferenceRouter.route(new float[] {0, small}, 1, 1, 1, Routing.BATCH_PRIORITY);

    assertThat(plan.kept(0, 0)).isTrue();
    assertThat(plan.kept(1, 0)).isFalse();
  }

  @Test
  void shouldClampPriorityKeyToThirtyBits() {
    assertThat(ReferenceRouter.priorityKey(1, 1)).isEqualTo(1L << 30);
    assertThat(ReferenceRouter.priorityKey(.5f, 1)).isEqualTo(1L << 29);
    assertThat(ReferenceRouter.priorityKey(1, 8)).isEqualTo(1L << 30);
    assertThat(ReferenceRouter.priorityKey(1, Float.MAX_VALUE)).isEqualTo(1L << 30);
    assertThat(ReferenceRouter.priorityKey(1, -1)).isZero();
    assertThat(ReferenceRouter.priorityKey(.3f, .7f))
        .isEqualTo((long) Math.floor((double) (.3f * .7f) * (1L << 30)));
  }

  @Test
  void shouldCountByImageWithoutRenormalisingGates() {
    RoutingCounts counts =
        ReferenceRouter.route(GATES, 3, 2, 1, Routing.VANILLA, ONES).countsByImage(1);

    assertThat(counts.assigned()).containsExactly(1, 0, 1, 1, 0, 1, 1, 0, 1);
    assertThat(counts.dispatched()).containsExactly(1, 0, 0, 0, 0, 0, 0, 0, 1);
    assertThat(counts.gateSum()).containsExactly(.4f, 0, 0, 0, 0, 0, 0, 0, .6f);
    assertThat(counts.importance()).containsExactly(GATES);
    assertThat(counts.skipped()).containsExactly(0, 1, 0);
    assertThat(counts.processedShare(0)).isEqualTo(.5);
  }

  @Test
  void shouldSumTokensOfOneImage() {
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 2, Routing.BATCH_PRIORITY, ONES);
    RoutingCounts counts = plan.countsByImage(3);

    assertThat(plan.assigned()).containsExactly(3, 0, 3);
    assertThat(plan.dispatched()).containsExactly(2, 0, 2);
    assertThat(counts.gateSum()[0]).isCloseTo(.9f, within(1e-6f));
    assertThat(counts.gateSum()[2]).isCloseTo(1f, within(1e-6f));
    assertThat(counts.importance()[0]).isCloseTo(1.2f, within(1e-6f));
    assertThat(counts.skipped()).containsExactly(0);
  }

  @Test
  void shouldSayWhichValueIsWrong() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReferenceRouter.route(GATES, 2, 1, 4, Routing.VANILLA, ONES))
        .withMessage("9 gates are not 3 tokens × 2 experts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReferenceRouter.route(GATES, 3, 4, 4, Routing.VANILLA, ONES))
        .withMessage("K 4 outside 1 to 3 experts");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReferenceRouter.route(GATES, 3, 2, -1, Routing.VANILLA, ONES))
        .withMessage("-1 slots an expert");
    float[] broken = GATES.clone();
    broken[5] = Float.NaN;
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReferenceRouter.route(broken, 3, 2, 4, Routing.VANILLA, ONES))
        .withMessage("gate NaN of token 1 for expert 2");
    float[] priority = {1, 1, Float.POSITIVE_INFINITY};
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ReferenceRouter.route(GATES, 3, 2, 4, Routing.VANILLA, priority))
        .withMessage("priority Infinity of token 2");
    DispatchPlan plan = ReferenceRouter.route(GATES, 3, 2, 4, Routing.VANILLA, ONES);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plan.countsByImage(2))
        .withMessage("3 tokens are no whole images of 2");
  }

  @Test
  void shouldNotSeeLaterWritesToTheGates() {
    float[] gates = GATES.clone();
    DispatchPlan plan = ReferenceRouter.route(gates, 3, 2, 2, Routing.VANILLA, ONES);
    Arrays.fill(gates, 0);

    assertThat(plan.gate(2, 0)).isEqualTo(.6f);
  }

  private static List<String> keptChoices(DispatchPlan plan) {
    List<String> kept = new ArrayList<>();
    for (int token = 0; token < plan.numTokens(); token++) {
      for (int choice = 0; choice < plan.expertsPerToken(); choice++) {
        if (plan.kept(token, choice)) {
          String gate = Float.toString(plan.gate(token, choice)).substring(1);
          kept.add(
              String.format(Locale.ROOT, "t%d→e%d %s", token, plan.expert(token, choice), gate));
        }
      }
    }
    return kept;
  }
}
