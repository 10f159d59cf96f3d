package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CapacityTest {

  @ParameterizedTest
  @CsvSource({
    // N, K, ratio, E, C: ceil, then up to a multiple of 4
    "  64, 2, 1.0,  8,  16", // 16 exactly
    "  64, 2, 1.05, 8,  20", // 16.8, 17, 20
    "  65, 2, 1.0,  8,  20", // 16.25, 17, 20
    "   1, 1, 0.01, 8,   4", // never none
    "3200, 2, 1.05, 8, 840",
    "3200, 1, 8.0,  8, 3200", // at ratio E/K every expert has a slot for every token
    "3200, 2, 0.05, 8,  40",
    // in double 800 · 1.1 / 4 is 220.00000000000003, and so it counts: as the graph's caller and
    // the training code have it
    " 800, 1, 1.1,  4, 224",
  })
  void shouldRoundUpTwice(int numTokens, int k, double ratio, int numExperts, int slots) {
    assertThat(Capacity.slots(numTokens, k, ratio, numExperts)).isEqualTo(slots);
  }

  @Property
  void shouldGiveAtLeastWhatWasAskedForAndLessThanFiveMore(
      @ForAll @IntRange(min = 1, max = 100_000) int numTokens,
      @ForAll @IntRange(min = 1, max = 4) int k,
      @ForAll @DoubleRange(min = 0.01, max = 16) double ratio,
      @ForAll @IntRange(min = 4, max = 64) int numExperts) {
    int slots = Capacity.slots(numTokens, k, ratio, numExperts);
    double wanted = (double) numTokens * k * ratio / numExperts;

    assertThat(slots % Capacity.MULTIPLE).isZero();
    assertThat((double) slots).isGreaterThanOrEqualTo(wanted).isLessThan(wanted + 5);
    assertThat(Capacity.effectiveRatio(slots, numTokens, k, numExperts))
        .isGreaterThanOrEqualTo(ratio * (1 - 1e-12));
  }

  @Test
  void shouldReportTheRatioThatResults() {
    assertThat(Capacity.effectiveRatio(20, 64, 2, 8)).isEqualTo(1.25);
    assertThat(Capacity.effectiveRatio(4, 1, 1, 8)).isEqualTo(32);
  }

  @Test
  void shouldCountTokensBeyondInt() {
    assertThat(Capacity.slots(Integer.MAX_VALUE, 2, 1, 4)).isEqualTo(1_073_741_824);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Capacity.slots(Integer.MAX_VALUE, 2, 4, 4))
        .withMessage("capacity ratio 4.0 gives 4294967296 slots an expert, more than 2147483647");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 1, 1, 8",
    "1, 0, 1, 8",
    "1, 1, 0, 8",
    "1, 1, -1, 8",
    "1, 1, NaN, 8",
    "1, 1, 1, 0"
  })
  void shouldRefuseWhatHasNoCapacity(int numTokens, int k, double ratio, int numExperts) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Capacity.slots(numTokens, k, ratio, numExperts))
        .withMessageContaining("ratio " + ratio);
  }

  @Test
  void shouldRefuseAnInfiniteRatio() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Capacity.slots(1, 1, Double.POSITIVE_INFINITY, 8));
  }
}
