package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class ReferenceRouterPropertiesTest {

  /** Gates (N, E) in steps of 1/8, so that ties are common, and what to route them with. */
  @SuppressWarnings("ArrayRecordComponent")
  record Case(
      float[] gates,
      int numExperts,
      int expertsPerToken,
      int slots,
      Routing routing,
      float[] tokenPriority) {

    int numTokens() {
      return tokenPriority.length;
    }

    DispatchPlan route() {
      return route(slots, routing);
    }

    DispatchPlan route(int otherSlots, Routing otherRouting) {
      return ReferenceRouter.route(
          gates, numExperts, expertsPerToken, otherSlots, otherRouting, tokenPriority);
    }

    float largestGate(int token) {
      float largest = 0;
      for (int expert = 0; expert < numExperts; expert++) {
        largest = Math.max(largest, gates[token * numExperts + expert]);
      }
      return largest;
    }

    /** Returns whether a choice claims its slot before another one does. */
    boolean precedes(int token, int choice, int otherToken, int otherChoice) {
      if (choice != otherChoice) {
        return choice < otherChoice;
      }
      float mine = largestGate(token) * tokenPriority[token];
      float other = largestGate(otherToken) * tokenPriority[otherToken];
      if (routing == Routing.VANILLA || mine == other) {
        return token < otherToken;
      }
      return mine > other;
    }

    @Override
    public String toString() {
      return String.format(
          "%s, E %d, K %d, C %d, gates %s, priority %s",
          routing,
          numExperts,
          expertsPerToken,
          slots,
          Arrays.toString(gates),
          Arrays.toString(tokenPriority));
    }
  }

  @Property
  void shouldChooseTheLargestGatesTiesToTheLowerExpert(@ForAll("cases") Case it) {
    DispatchPlan plan = it.route();
    for (int token = 0; token < it.numTokens(); token++) {
      int first = token * it.numExperts();
      int[] best =
          IntStream.range(0, it.numExperts())
              .boxed()
              .sorted((a, b) -> Float.compare(it.gates()[first + b], it.gates()[first + a]))
              .mapToInt(Integer::intValue)
              .limit(it.expertsPerToken())
              .toArray();
      for (int choice = 0; choice < it.expertsPerToken(); choice++) {
        assertThat(plan.expert(token, choice)).isEqualTo(best[choice]);
        assertThat(plan.gate(token, choice)).isEqualTo(it.gates()[first + best[choice]]);
      }
    }
  }

  /** The definition, word for word: a choice's slot is the number of those before it. */
  @Property
  void shouldGiveEachChoiceTheSlotAfterAllThatPrecedeIt(@ForAll("cases") Case it) {
    DispatchPlan plan = it.route();
    for (int token = 0; token < it.numTokens(); token++) {
      for (int choice = 0; choice < it.expertsPerToken(); choice++) {
        int before = 0;
        for (int other = 0; other < it.numTokens(); other++) {
          for (int k = 0; k < it.expertsPerToken(); k++) {
            boolean same = plan.expert(other, k) == plan.expert(token, choice);
            before += same && it.precedes(other, k, token, choice) ? 1 : 0;
          }
        }
        assertThat(plan.slot(token, choice))
            .isEqualTo(before < it.slots() ? before : DispatchPlan.DROPPED);
      }
    }
  }

  @Property
  void shouldUseNoSlotTwiceAndNoneBeyondCapacity(@ForAll("cases") Case it) {
    DispatchPlan plan = it.route();
    Set<Integer> used = new HashSet<>();
    for (int token = 0; token < it.numTokens(); token++) {
      for (int choice = 0; choice < it.expertsPerToken(); choice++) {
        if (plan.kept(token, choice)) {
          assertThat(plan.slot(token, choice)).isBetween(0, it.slots() - 1);
          assertThat(used.add(plan.expert(token, choice) * it.slots() + plan.slot(token, choice)))
              .isTrue();
        }
      }
    }
    for (int dispatched : plan.dispatched()) {
      assertThat(dispatched).isBetween(0, it.slots());
    }
  }

  @Property
  void shouldAccountForEveryChoice(@ForAll("cases") Case it) {
    DispatchPlan plan = it.route();
    RoutingCounts counts = plan.countsByImage(1);
    for (int token = 0; token < it.numTokens(); token++) {
      int at = counts.at(token, 0);
      int[] assigned = Arrays.copyOfRange(counts.assigned(), at, at + it.numExperts());
      int[] dispatched = Arrays.copyOfRange(counts.dispatched(), at, at + it.numExperts());
      int dropped = it.expertsPerToken() - plan.keptChoices(token);

      assertThat(Arrays.stream(assigned).sum()).isEqualTo(it.expertsPerToken());
      assertThat(Arrays.stream(dispatched).sum() + dropped).isEqualTo(it.expertsPerToken());
      assertThat(counts.skipped()[token]).isEqualTo(plan.keptChoices(token) == 0 ? 1 : 0);
    }
    for (int expert = 0; expert < it.numExperts(); expert++) {
      assertThat(plan.dispatched()[expert])
          .isEqualTo(Math.min(plan.assigned()[expert], it.slots()));
    }
  }

  @Property
  void shouldDropNothingAtTheTopOfTheLadder(@ForAll("cases") Case it) {
    double ratio = (double) it.numExperts() / it.expertsPerToken();
    int slots = Capacity.slots(it.numTokens(), it.expertsPerToken(), ratio, it.numExperts());
    DispatchPlan plan = it.route(slots, it.routing());

    assertThat(plan.dispatched()).isEqualTo(plan.assigned());
    assertThat(plan.skippedTokens()).isZero();
  }

  @Property
  void shouldKeepWhatItKeptWhenCapacityGrows(@ForAll("cases") Case it) {
    DispatchPlan small = it.route();
    DispatchPlan large = it.route(it.slots() + 1, it.routing());
    for (int token = 0; token < it.numTokens(); token++) {
      for (int choice = 0; choice < it.expertsPerToken(); choice++) {
        if (small.kept(token, choice)) {
          assertThat(large.slot(token, choice)).isEqualTo(small.slot(token, choice));
        }
      }
    }
  }

  @Property
  void shouldKeepAtLeastAsMuchGateOfFirstChoicesByBatchPriority(@ForAll("cases") Case given) {
    float[] ones = new float[given.numTokens()];
    Arrays.fill(ones, 1);
    Case it =
        new Case(
            given.gates(),
            given.numExperts(),
            given.expertsPerToken(),
            given.slots(),
            Routing.BATCH_PRIORITY,
            ones);

    assertThat(keptFirstGates(it.route()))
        .isGreaterThanOrEqualTo(keptFirstGates(it.route(it.slots(), Routing.VANILLA)));
  }

  @Property
  void shouldTakePositionsOnlyAsTieBreak(@ForAll("cases") Case it, @ForAll Random random) {
    // distinct keys: under batch priority, a shuffled batch keeps the same choices
    int n = it.numTokens();
    float[] priority = new float[n];
    for (int token = 0; token < n; token++) {
      float largest = it.largestGate(token);
      priority[token] = largest == 0 ? 0 : (token + 1) / (16 * largest);
    }
    if (IntStream.range(0, n).anyMatch(token -> it.largestGate(token) == 0)) {
      return;
    }
    int[] shuffled = IntStream.range(0, n).toArray();
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    int e = it.numExperts();
    float[] gates = new float[n * e];
    float[] shuffledPriority = new float[n];
    for (int i = 0; i < n; i++) {
      System.arraycopy(it.gates(), shuffled[i] * e, gates, i * e, e);
      shuffledPriority[i] = priority[shuffled[i]];
    }
    int k = it.expertsPerToken();
    DispatchPlan plan =
        ReferenceRouter.route(it.gates(), e, k, it.slots(), Routing.BATCH_PRIORITY, priority);
    DispatchPlan other =
        ReferenceRouter.route(gates, e, k, it.slots(), Routing.BATCH_PRIORITY, shuffledPriority);
    for (int i = 0; i < n; i++) {
      for (int choice = 0; choice < k; choice++) {
        assertThat(other.slot(i, choice)).isEqualTo(plan.slot(shuffled[i], choice));
      }
    }
  }

  @Property
  void shouldSumGatesByImage(@ForAll("cases") Case it) {
    DispatchPlan plan = it.route();
    RoutingCounts whole = plan.countsByImage(it.numTokens());
    RoutingCounts byToken = plan.countsByImage(1);
    for (int expert = 0; expert < it.numExperts(); expert++) {
      double importance = 0;
      double gateSum = 0;
      for (int token = 0; token < it.numTokens(); token++) {
        importance += byToken.importance()[byToken.at(token, 0) + expert];
        gateSum += byToken.gateSum()[byToken.at(token, 0) + expert];
      }
      assertThat((double) whole.importance()[expert]).isCloseTo(importance, within(1e-5));
      assertThat((double) whole.gateSum()[expert]).isCloseTo(gateSum, within(1e-5));
      assertThat(gateSum).isLessThanOrEqualTo(importance);
    }
  }

  @Provide
  Arbitrary<Case> cases() {
    Arbitrary<Integer> tokens = Arbitraries.integers().between(1, 12);
    Arbitrary<Integer> experts = Arbitraries.integers().between(1, 6);
    return Combinators.combine(tokens, experts)
        .flatAs(
            (n, e) ->
                Combinators.combine(
                        eighths().array(float[].class).ofSize(n * e),
                        Arbitraries.integers().between(1, e),
                        Arbitraries.integers().between(0, 6),
                        Arbitraries.of(Routing.class),
                        eighths().array(float[].class).ofSize(n))
                    .as(
                        (gates, k, c, routing, priority) ->
                            new Case(gates, e, k, c, routing, priority)));
  }

  private static Arbitrary<Float> eighths() {
    return Arbitraries.integers().between(0, 8).map(eighth -> eighth / 8f);
  }

  private static double keptFirstGates(DispatchPlan plan) {
    double sum = 0;
    for (int token = 0; token < plan.numTokens(); token++) {
      sum += plan.kept(token, 0) ? plan.gate(token, 0) : 0;
    }
    return sum;
  }
}
