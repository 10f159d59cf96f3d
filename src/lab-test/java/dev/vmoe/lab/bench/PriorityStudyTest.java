package dev.vmoe.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PriorityStudyTest {

  private static final PriorityStudy.Design DESIGN =
      new PriorityStudy.Design(2, 1.05, List.of(.25), 10, 3);

  @Test
  void shouldPrioritiseEveryImageOnceAndCompareItWithItself() {
    Impressionable model = new Impressionable(List.of(0));
    PriorityStudy study = new PriorityStudy(model, DESIGN);

    study.add(images(4), new int[4]); // parts 0 1 2 0
    study.add(images(2), new int[2]); // parts 1 2

    // two measures, one run with equal priorities, one for each of three parts
    assertThat(model.priorities)
        .containsExactly(
            List.of(1f, 1f, 1f, 1f),
            List.of(1f, 1f, 1f, 1f),
            List.of(1f, 1f, 1f, 1f),
            List.of(10f, 1f, 1f, 10f),
            List.of(1f, 10f, 1f, 1f),
            List.of(1f, 1f, 10f, 1f),
            List.of(1f, 1f),
            List.of(1f, 1f),
            List.of(1f, 1f),
            List.of(1f, 1f),
            List.of(10f, 1f),
            List.of(1f, 10f));
    List<PriorityStudy.GroupRow> rows = study.rows(1);
    assertThat(rows)
        .extracting(row -> row.group().label())
        .containsExactly("reference", "first choices", "equal", "prioritised", "others");
    assertThat(rows).extracting(PriorityStudy.GroupRow::images).containsOnly(6);
    PriorityStudy.GroupRow firstChoices = rows.get(1);
    assertThat(firstChoices.expertsPerToken()).isEqualTo(1);
    assertThat(firstChoices.capacityRatio()).isEqualTo(4); // E
    PriorityStudy.GroupRow equal = rows.get(2);
    assertThat(equal.accuracy()).isEqualTo(3 / 6.0); // every other image of a batch
    assertThat(equal.difference()).isEqualTo(-3 / 6.0);
    PriorityStudy.GroupRow prioritised = rows.get(3);
    assertThat(prioritised.accuracy()).isEqualTo(1);
    assertThat(prioritised.difference()).isZero();
    assertThat(prioritised.processedShare()).isCloseTo(1, within(1e-12));
    PriorityStudy.GroupRow others = rows.get(4);
    assertThat(others.comparedWith()).isEqualTo(PriorityStudy.Group.EQUAL);
    // the first image of each batch, in both runs in which it is one of the others
    assertThat(others.accuracy()).isCloseTo(2 / 6.0, within(1e-12));
    assertThat(others.difference()).isCloseTo(2 / 6.0 - 3 / 6.0, within(1e-12));
    assertThat(others.processedShare()).isCloseTo(.5, within(1e-12));
    assertThat(others.skippedShare()).isCloseTo(.5, within(1e-12));
  }

  @Test
  void shouldRefuseADenseModelAndADesignWithoutOthers() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PriorityStudy(new Impressionable(List.of()), DESIGN))
        .withMessage("impressionable is dense: nothing competes for slots");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PriorityStudy.Design(2, 1, List.of(.5), 10, 1))
        .withMessage("one image in 1 leaves no others");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new PriorityStudy.Design(2, 1, List.of(.5), 1000, 2));
  }

  private static ByteBuffer images(int count) {
    return ByteBuffer.allocateDirect(count * 3);
  }

  /**
   * Right at ratio 1 and above, and of images that matter. At a lower ratio right at even positions
   * of a batch where all images matter alike, and else at the first position only.
   */
  private record Impressionable(List<Integer> moeBlocks, List<List<Float>> priorities)
      implements BatchClassifier {

    Impressionable(List<Integer> moeBlocks) {
      this(moeBlocks, new ArrayList<>());
    }

    @Override
    public ModelCard card() {
      return new ModelCard(
          "impressionable",
          "",
          List.of("a", "b"),
          1,
          2,
          moeBlocks,
          4,
          2,
          1.05,
          true,
          "bilinear",
          "");
    }

    @Override
    public BatchResult classify(
        ByteBuffer images, int numImages, float[] priorities, RoutingSettings settings) {
      List<Float> seen = new ArrayList<>();
      boolean alike = true;
      for (float priority : priorities) {
        seen.add(priority);
        alike &= priority == 1;
      }
      this.priorities.add(seen);
      float[][] logits = new float[numImages][2];
      int[] assigned = new int[numImages * 4];
      int[] dispatched = new int[numImages * 4];
      int[] skipped = new int[numImages];
      for (int i = 0; i < numImages; i++) {
        boolean served = settings.capacityRatio() >= 1 || priorities[i] > 1;
        boolean right = served || (alike ? i % 2 == 0 : i == 0);
        logits[i][right ? 0 : 1] = 1;
        assigned[i * 4] = 4;
        dispatched[i * 4] = served ? 4 : 2;
        skipped[i] = served ? 0 : 1; // of two tokens
      }
      return new BatchResult(
          logits,
          new RoutingCounts(
              numImages,
              1,
              4,
              assigned,
              dispatched,
              new float[numImages * 4],
              new float[numImages * 4],
              skipped),
          settings,
          4,
          settings.capacityRatio(),
          1);
    }

    @Override
    public void close() {}
  }
}
