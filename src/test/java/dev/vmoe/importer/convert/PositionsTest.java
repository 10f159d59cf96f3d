package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.Npz;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PositionsTest {

  private static final Path PARITY =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/parity/positions.npz");

  private static final VmoeArchitecture TOKEN = Architectures.TOKEN;
  private static final VmoeArchitecture GAP = Architectures.GAP;

  @ParameterizedTest
  @CsvSource({"7,12", "14,24", "12,7", "24,14", "7,7", "5,16", "1,3"})
  void shouldResizeAsSciPyDoes(int before, int after) throws IOException {
    ParameterTree parity = Npz.read(PARITY);
    Tensor from = parity.get("before_" + before + "_" + after);
    Tensor expected = parity.get("after_" + before + "_" + after);
    Tensor actual = PositionGrid.resized(from, 1, after);
    assertThat(actual.shape()).isEqualTo(expected.shape());
    assertThat(values(actual)).containsExactly(values(expected), within(5e-7f));
  }

  @Test
  void shouldResizePositionsWithoutAClassToken() {
    Tensor from = Tensor.of(new float[] {0, 2, 4, 6}, 1, 4, 1);
    assertThat(values(PositionGrid.resized(from, 0, 3))).containsExactly(0, 1, 2, 2, 3, 4, 4, 5, 6);
  }

  @Test
  void shouldGiveAModelForAnotherImageSize() {
    ParameterTree checkpoint = RandomCheckpoint.of(TOKEN, 1);
    ParameterTree larger = Positions.LEARNED.fit(checkpoint, 20);
    assertThat(VmoeArchitecture.of(larger).imageSize()).isEqualTo(20);
    assertThat(larger.get(Positions.PATH).shape()).containsExactly(1, 26, 8);
    assertThat(Positions.LEARNED.fit(checkpoint, 12)).isSameAs(checkpoint);
    assertThat(Positions.LEARNED.fit(checkpoint, 0)).isSameAs(checkpoint);
  }

  /** Hand-worked for D = 8: ω is 1 and 1/10,000; patches row by row. */
  @Test
  void shouldHaveSinesAndCosinesOfColumnThenRow() {
    float[] values = values(PositionGrid.sincos(1, 3, 8));
    assertThat(values).hasSize(10 * 8);
    assertThat(row(values, 0)).containsOnly(0); // the class token
    assertThat(row(values, 1)).containsExactly(0, 0, 1, 1, 0, 0, 1, 1); // column 0, row 0
    assertThat(row(values, 6)) // column 2, row 1
        .containsExactly(
            new float[] {.9092974f, 2e-4f, -.4161468f, 1, .8414710f, 1e-4f, .5403023f, 1},
            within(1e-6f));
  }

  @Test
  void shouldComputePositionsWhereTheCheckpointHasNone() {
    VmoeArchitecture wide =
        Architectures.of(
            8, 2, 16, 10, 2, 2, GAP.moeBlocks(), 3, 7, VmoeArchitecture.Classifier.GAP, 9);
    ParameterTree without = without(RandomCheckpoint.of(wide, 1), Positions.PATH);
    ParameterTree fitted = Positions.SINCOS2D.fit(without, 8);
    assertThat(VmoeArchitecture.of(fitted)).isEqualTo(wide);
    assertThat(fitted.get(Positions.PATH).shape()).containsExactly(1, 16, 16);
  }

  @Test
  void shouldSayWhatToDoWhereThereAreNoPositions() {
    ParameterTree without = without(RandomCheckpoint.of(TOKEN, 1), Positions.PATH);
    assertThatThrownBy(() -> Positions.LEARNED.fit(without, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "checkpoint has no parameter Encoder/posembed_input/pos_embedding: if it was trained"
                + " with sincos2d positions, say so, and give the image size");
    assertThatThrownBy(() -> Positions.SINCOS2D.fit(without, 0))
        .hasMessageContaining("give the image size");
  }

  @Test
  void shouldRefusePositionsThatTheCheckpointDoesNotHave() {
    assertThatThrownBy(() -> Positions.SINCOS2D.fit(RandomCheckpoint.of(TOKEN, 1), 12))
        .hasMessageContaining("its positions are learned, not sincos2d");
  }

  @ParameterizedTest
  @CsvSource({"14, 16", "13, 12", "3, 4", "1, 4"})
  void shouldNameAnImageSizeThatFitsThePatches(int asked, int fits) {
    assertThatThrownBy(() -> Positions.LEARNED.fit(RandomCheckpoint.of(TOKEN, 1), asked))
        .hasMessage(
            "image size "
                + asked
                + " is no multiple of the patch size 4: "
                + fits
                + " would be one");
  }

  private static float[] row(float[] values, int row) {
    return Arrays.copyOfRange(values, row * 8, row * 8 + 8);
  }

  private static ParameterTree without(ParameterTree tree, String path) {
    Map<String, Tensor> leaves = new HashMap<>();
    tree.paths().stream().filter(p -> !p.equals(path)).forEach(p -> leaves.put(p, tree.get(p)));
    return new ParameterTree(leaves);
  }

  private static float[] values(Tensor tensor) {
    float[] values = new float[tensor.size()];
    tensor.values().get(values);
    return values;
  }
}
