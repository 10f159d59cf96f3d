package dev.vmoe.core.moe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.FloatRange;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImagePriorityTest {

  private static final int TOKENS = 4;

  @ParameterizedTest
  @ValueSource(floats = {.01f, 1, 10, 100})
  void shouldTakeWhatIsWithinTheBounds(float priority) {
    assertThat(ImagePriority.require(priority)).isEqualTo(priority);
  }

  @ParameterizedTest
  @ValueSource(
      floats = {
        Float.NaN,
        0,
        -1,
        .009f,
        100.01f,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE
      })
  void shouldRefuseWhatIsOutsideOrNoNumber(float priority) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImagePriority.relative(new float[] {1, priority}))
        .withMessage("priority " + priority + " is outside 0.01 to 100.0");
  }

  @Test
  void shouldGiveTheImageThatMattersMostAllBitsOfTheKey() {
    assertThat(ImagePriority.relative(new float[] {1, 10, .1f, 10}))
        .containsExactly(.1f, 1, .01f, 1);
    assertThat(ImagePriority.relative(new float[0])).isEmpty();
  }

  @Property
  void shouldBeThePapersOrderWhereAllMatterAlike(
      @ForAll @FloatRange(min = .01f, max = 100) float priority) {
    assertThat(ImagePriority.relative(new float[] {priority, priority})).containsExactly(1, 1);
  }

  /** What is left of 30 bits for the images that matter least. */
  @Test
  void shouldStillTellTheGatesOfImagesThatMatterLittleApart() {
    float one = ImagePriority.relative(new float[] {100, 1})[1];
    assertThat(ReferenceRouter.priorityKey(.5000005f, one))
        .isGreaterThan(ReferenceRouter.priorityKey(.5f, one));
    float least = ImagePriority.relative(new float[] {100, .01f})[1];
    assertThat(ReferenceRouter.priorityKey(.50001f, least))
        .isGreaterThan(ReferenceRouter.priorityKey(.5f, least));
    assertThat(ReferenceRouter.priorityKey(1 / 32f, least)).isGreaterThan(3000);
  }

  @Property
  void shouldServeEveryFirstChoiceOfAnImageThatMattersMoreThanNumExpertsTimesAsMuch(
      @ForAll long seed,
      @ForAll @IntRange(min = 2, max = 8) int numExperts,
      @ForAll @IntRange(min = 2, max = 12) int numImages,
      @ForAll @IntRange(min = 0, max = 10) int slots) {
    Random random = new Random(seed);
    int chosen = random.nextInt(numImages);
    float[] priorities = ImagePriority.equal(numImages);
    priorities[chosen] = numExperts * 1.01f;
    int numTokens = numImages * TOKENS;
    DispatchPlan plan =
        ReferenceRouter.route(
            gates(random, numTokens, numExperts),
            numExperts,
            2,
            slots,
            Routing.BATCH_PRIORITY,
            ofTokens(ImagePriority.relative(priorities)));

    int[] claims = new int[numExperts];
    for (int token = chosen * TOKENS; token < (chosen + 1) * TOKENS; token++) {
      claims[plan.expert(token, 0)]++;
    }
    int[] kept = new int[numExperts];
    for (int token = chosen * TOKENS; token < (chosen + 1) * TOKENS; token++) {
      kept[plan.expert(token, 0)] += plan.kept(token, 0) ? 1 : 0;
    }
    for (int expert = 0; expert < numExperts; expert++) {
      assertThat(kept[expert]).isEqualTo(Math.min(claims[expert], slots));
    }
  }

  /** Each row sums to 1, so its largest gate is at least 1/E. */
  private static float[] gates(Random random, int numTokens, int numExperts) {
    float[] gates = new float[numTokens * numExperts];
    for (int token = 0; token < numTokens; token++) {
      double[] row = random.doubles(numExperts).map(x -> Math.exp(6 * x)).toArray();
      double sum = 0;
      for (double gate : row) {
        sum += gate;
      }
      for (int expert = 0; expert < numExperts; expert++) {
        gates[token * numExperts + expert] = (float) (row[expert] / sum);
      }
    }
    return gates;
  }

  private static float[] ofTokens(float[] ofImages) {
    float[] ofTokens = new float[ofImages.length * TOKENS];
    for (int token = 0; token < ofTokens.length; token++) {
      ofTokens[token] = ofImages[token / TOKENS];
    }
    return ofTokens;
  }
}
