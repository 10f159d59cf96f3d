package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmoeArchitectureTest {

  static List<VmoeArchitecture> architectures() {
    return List.of(
        Architectures.TOKEN,
        Architectures.GAP,
        RandomCheckpoint.denseTwin(Architectures.TOKEN),
        RandomCheckpoint.denseTwin(Architectures.GAP));
  }

  @ParameterizedTest
  @MethodSource("architectures")
  void shouldReadTheArchitectureOffTheShapes(VmoeArchitecture architecture) {
    assertThat(VmoeArchitecture.of(RandomCheckpoint.of(architecture, 1))).isEqualTo(architecture);
  }

  @Test
  void shouldNameTheParameterThatIsMissing() {
    Map<String, Tensor> leaves = leaves(Architectures.TOKEN);
    leaves.remove("head/kernel");
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .hasMessageContaining("head/kernel");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 5, 6})
  void shouldNameTheBlockThatIsMissing(int missing) {
    Map<String, Tensor> leaves = leaves(8);
    leaves.keySet().removeIf(path -> path.startsWith("Encoder/encoderblock_" + missing + "/"));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("checkpoint has no Encoder/encoderblock_" + missing + ", but encoderblock_7");
  }

  @Test
  void shouldRefuseACheckpointWithoutBlocks() {
    Map<String, Tensor> leaves = leaves(Architectures.TOKEN);
    leaves.keySet().removeIf(path -> path.startsWith("Encoder/encoderblock_"));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .hasMessage("checkpoint has no Encoder/encoderblock_0");
  }

  @Test
  void shouldCountMoreThanTenBlocks() {
    assertThat(VmoeArchitecture.of(new ParameterTree(leaves(12))).numBlocks()).isEqualTo(12);
  }

  @Test
  void shouldNameTheParameterWhoseShapeDoesNotFit() {
    Map<String, Tensor> leaves = leaves(Architectures.TOKEN);
    leaves.put("Encoder/encoderblock_1/Moe/Router/dense/kernel", Tensor.of(new float[12], 3, 4));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .hasMessage(
            "parameter Encoder/encoderblock_1/Moe/Router/dense/kernel has shape (3, 4), not (8,"
                + " any)");
  }

  @Test
  void shouldRefuseTokensThatAreNoSquareOfPatches() {
    Map<String, Tensor> leaves = leaves(Architectures.TOKEN);
    leaves.put("Encoder/posembed_input/pos_embedding", Tensor.of(new float[72], 1, 9, 8));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .hasMessage(
            "parameter Encoder/posembed_input/pos_embedding has 9 tokens: 8 patches are no square."
                + " A class token without a position (no_embed_class) cannot be imported");
    leaves.put("Encoder/posembed_input/pos_embedding", Tensor.of(new float[96], 1, 12, 8));
    assertThatThrownBy(() -> VmoeArchitecture.of(new ParameterTree(leaves)))
        .hasMessage(
            "parameter Encoder/posembed_input/pos_embedding has 12 tokens: 11 patches are no"
                + " square");
  }

  @Test
  void shouldRefuseAKernelThatTheGraphCannotUse() {
    Map<String, Tensor> leaves = leaves(Architectures.TOKEN);
    leaves.put("Encoder/encoderblock_1/Moe/Mlp/Dense_1/kernel", Tensor.of(new float[8], 1, 8));
    ParameterTree checkpoint = new ParameterTree(leaves);
    assertThatThrownBy(() -> VmoeGraph.of(checkpoint, Form.of(Target.CPU), Map.of()))
        .hasMessage(
            "parameter Encoder/encoderblock_1/Moe/Mlp/Dense_1/kernel has shape (1, 8), not (4, 16,"
                + " 8)");
  }

  private static Map<String, Tensor> leaves(int numBlocks) {
    return leaves(
        Architectures.of(
            8, 4, 8, 16, 2, numBlocks, List.of(1), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0));
  }

  private static Map<String, Tensor> leaves(VmoeArchitecture architecture) {
    ParameterTree tree = RandomCheckpoint.of(architecture, 1);
    Map<String, Tensor> leaves = new HashMap<>();
    tree.paths().forEach(path -> leaves.put(path, tree.get(path)));
    return leaves;
  }
}
