package dev.vmoe.importer.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.GraphRun;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.onnx.ModelFile;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.checkpoint.CheckpointWriter;
import dev.vmoe.importer.checkpoint.Dtype;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.bench.Variant;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** From checkpoint files to answers of the model file. */
class ModelImportTest {

  private static final int IMAGES = 3;

  @TempDir private Path folder;

  /** A published architecture's blocks, heads, patches and experts at a sixteenth of its widths. */
  record Case(
      Variant variant, VmoeArchitecture.Classifier classifier, int preLogits, Positions positions) {
    VmoeArchitecture architecture() {
      VmoeArchitecture a = variant.architecture();
      return Architectures.of(
          2 * a.patchSize(),
          a.patchSize(),
          a.hiddenSize() / 16,
          a.mlpSize() / 16,
          a.numHeads() / 2,
          a.numBlocks(),
          a.moeBlocks(),
          a.numExperts(),
          10,
          classifier,
          preLogits);
    }

    ParameterTree checkpoint() {
      ParameterTree tree = RandomCheckpoint.of(architecture(), 11);
      return positions == Positions.LEARNED ? tree : without(tree, Positions.PATH);
    }
  }

  /** Every combination for the smallest; for the others one with every part and one without. */
  static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (var classifier : VmoeArchitecture.Classifier.values()) {
      for (int preLogits : new int[] {0, 24}) {
        for (Positions positions : Positions.values()) {
          cases.add(new Case(Variant.S32_LAST_2, classifier, preLogits, positions));
        }
      }
    }
    for (Variant variant : Variant.values()) {
      if (variant != Variant.S32_LAST_2) {
        cases.add(new Case(variant, VmoeArchitecture.Classifier.TOKEN, 0, Positions.LEARNED));
        cases.add(new Case(variant, VmoeArchitecture.Classifier.GAP, 24, Positions.SINCOS2D));
      }
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void shouldImportAndRunEveryPublishedArchitecture(Case made) throws Exception {
    VmoeArchitecture a = made.architecture();
    Path prefix = folder.resolve("checkpoint");
    CheckpointWriter.write(prefix, made.checkpoint(), Dtype.FLOAT32, 2);
    Path file = folder.resolve("m.onnx");
    ModelCard card =
        ModelImport.write(
            CheckpointReader.read(prefix),
            ImportChoices.positioned(made.positions(), a.imageSize()),
            Form.of(made.preLogits() == 0 ? Target.CPU : Target.CUDA),
            file);
    assertThat(card.moeBlocks()).isEqualTo(a.moeBlocks());
    assertThat(card.imageSize()).isEqualTo(a.imageSize());
    float[] logits = logits(file, a);
    assertThat(logits).hasSize(IMAGES * a.numClasses()).doesNotContain(Float.NaN);
    assertThat(logits[0]).isNotEqualTo(logits[a.numClasses()]); // images differ
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
  void shouldRefuseWeightsThatAreNoFiniteNumbers(float wrong) {
    VmoeArchitecture sparse = Architectures.TOKEN;
    for (var architecture : List.of(sparse, RandomCheckpoint.denseTwin(sparse))) {
      ParameterTree checkpoint = RandomCheckpoint.of(architecture, 2);
      int[] shape = checkpoint.get("head/kernel").shape();
      float[] values = new float[checkpoint.get("head/kernel").size()];
      values[values.length - 1] = wrong;
      ParameterTree damaged = checkpoint.with("head/kernel", Tensor.of(values, shape));
      assertThatThrownBy(
              () -> ModelImport.write(damaged, ImportOptions.named("m"), folder.resolve("m.onnx")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("parameter head/kernel has a value that is no finite number: " + wrong);
      assertThat(folder).isEmptyDirectory();
    }
  }

  @Test
  void shouldAnswerTheSameWhereverTheWeightsAre() throws Exception {
    VmoeArchitecture a = Architectures.TOKEN;
    ParameterTree checkpoint = RandomCheckpoint.of(a, 2);
    Path inside = folder.resolve("inside.onnx");
    Path beside = folder.resolve("beside.onnx");
    ModelCard card = ModelImport.write(checkpoint, ImportOptions.named("m"), inside);
    ModelCard same =
        ModelImport.write(checkpoint, ImportOptions.named("m"), Form.of(Target.CPU), beside, 0);

    assertThat(same).isEqualTo(card);
    assertThat(ModelCard.fromMetadata(ModelFile.metadata(beside))).isEqualTo(card);
    Path moved = Files.createDirectory(folder.resolve("moved"));
    for (String name : List.of("beside.onnx", "beside.onnx.data")) {
      Files.move(folder.resolve(name), moved.resolve(name));
    }
    ModelFile.requireWeights(moved.resolve("beside.onnx"));
    assertThat(logits(moved.resolve("beside.onnx"), a)).isEqualTo(logits(inside, a));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "MapHead/probe",
        "Encoder/encoderblock_0/SelfAttention/query_ln/scale",
        "Encoder/encoderblock_1/Mlp/Dense_0/kernel",
        "Encoder/encoderblock_1/Moe/Router/dense/bias"
      })
  void shouldRefuseAParameterThatIsNotComputed(String path) {
    ParameterTree checkpoint =
        RandomCheckpoint.of(Architectures.TOKEN, 2).with(path, Tensor.of(new float[] {1}, 1));
    assertThatThrownBy(
            () -> ModelImport.write(checkpoint, ImportOptions.named("m"), folder.resolve("m.onnx")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "checkpoint has 1 parameters that no part of a V-MoE uses ("
                + path
                + "): it is a model of another kind, or one with parts that cannot be imported");
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void shouldGiveAnotherHashForAnotherImageSize() throws IOException {
    ParameterTree checkpoint = RandomCheckpoint.of(Architectures.TOKEN, 2);
    ImportOptions options = ImportOptions.named("m");
    Path file = folder.resolve("m.onnx");
    String own = ModelImport.write(checkpoint, options, file).weightsHash();
    ImportOptions larger = ImportChoices.positioned(Positions.LEARNED, 16);
    assertThat(ModelImport.write(checkpoint, larger, file).weightsHash()).isNotEqualTo(own);
    assertThat(ModelImport.write(checkpoint, larger, file).imageSize()).isEqualTo(16);
  }

  private static float[] logits(Path file, VmoeArchitecture a) throws OrtException {
    byte[] images = new byte[IMAGES * a.imageSize() * a.imageSize() * 3];
    new Random(1).nextBytes(images);
    float[] priority = new float[IMAGES];
    Arrays.fill(priority, 1);
    try (GraphRun graph = GraphRun.of(file)) {
      return graph
          .run(
              new GraphRun.Inputs()
                  .images(images, IMAGES, a.imageSize())
                  .routing(4, 2, Routing.BATCH_PRIORITY, priority))
          .floats(GraphOutput.LOGITS);
    }
  }

  private static ParameterTree without(ParameterTree tree, String path) {
    Map<String, Tensor> leaves = new HashMap<>();
    tree.paths().stream().filter(p -> !p.equals(path)).forEach(p -> leaves.put(p, tree.get(p)));
    return new ParameterTree(leaves);
  }
}
