package dev.vmoe.core.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtProvider;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.Form;
import dev.vmoe.core.model.Target;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.model.VmoeGraph;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.importer.convert.ImportChoices;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VmoeSessionTest {

  private static final VmoeArchitecture ARCHITECTURE =
      Architectures.of(
          12, 4, 24, 32, 2, 4, List.of(1, 3), 4, 5, VmoeArchitecture.Classifier.TOKEN, 0);

  private static final SessionSettings ON_CPU =
      new SessionSettings(Device.CPU, 1, false, List.of(1, 3));

  @TempDir static Path folder;

  private static Path file;
  private static ModelCard written;
  private static VmoeSession session;

  @BeforeAll
  static void open() throws IOException {
    file = folder.resolve("vmoe.onnx");
    written =
        ModelImport.write(
            RandomCheckpoint.of(ARCHITECTURE, 5),
            ImportChoices.withClasses("test", List.of("a", "b", "c", "d", "e")),
            file);
    session = VmoeSession.open(file, ON_CPU);
  }

  @AfterAll
  static void close() {
    session.close();
  }

  @Test
  void shouldReadTheCardThatTheImportWrote() {
    assertThat(session.card()).isEqualTo(written);
    assertThat(session.card().classes()).containsExactly("a", "b", "c", "d", "e");
    assertThat(session.card().weightsHash()).hasSize(64);
    assertThat(session.card().moeBlocks()).containsExactly(1, 3);
  }

  @ParameterizedTest
  @CsvSource({"true, 0", "true, 7", "false, 0"})
  void shouldGiveWhatTheLogitsAreMadeOf(boolean experts, int preLogits) throws IOException {
    VmoeArchitecture architecture =
        Architectures.of(
            12,
            4,
            24,
            32,
            2,
            4,
            experts ? List.of(1, 3) : List.of(),
            experts ? 4 : 0,
            5,
            VmoeArchitecture.Classifier.GAP,
            preLogits);
    ParameterTree checkpoint = RandomCheckpoint.of(architecture, 9);
    Path model = folder.resolve("features.onnx");
    ModelCard card = ModelImport.write(checkpoint, ImportOptions.named("features"), model);
    int length = preLogits > 0 ? preLogits : 24;
    assertThat(card.featuresLength()).isEqualTo(length);
    RoutingSettings settings = new RoutingSettings(1, 1, Routing.BATCH_PRIORITY);
    try (VmoeSession with = VmoeSession.open(model, ON_CPU.withFeatures(true));
        VmoeSession without = VmoeSession.open(model, ON_CPU)) {
      BatchResult result = with.classify(images(3), 3, settings);
      assertThat(result.features()).hasDimensions(3, length);
      for (int image = 0; image < 3; image++) {
        for (int c = 0; c < 5; c++) {
          float logit = checkpoint.get("head/bias").at(c);
          for (int d = 0; d < length; d++) {
            logit += result.features()[image][d] * checkpoint.get("head/kernel").at(5 * d + c);
          }
          assertThat(result.logits()[image][c]).isCloseTo(logit, within(1e-4f));
        }
      }
      BatchResult plain = without.classify(images(3), 3, settings);
      assertThat(plain.features()).isEmpty();
      assertThat(plain.logits()).isDeepEqualTo(result.logits());
    }
  }

  @Test
  void shouldConserveChoicesOfEveryImageAndLayer() {
    BatchResult result =
        session.classify(images(7), 7, new RoutingSettings(.3, 2, Routing.BATCH_PRIORITY));
    RoutingCounts counts = result.counts();
    assertThat(result.logits()).hasDimensions(7, 5);
    assertThat(result.slots()).isEqualTo(12); // ceil(70 · 2 · 0.3 / 4) = 11, up to 12
    assertThat(result.effectiveCapacityRatio()).isEqualTo(12 * 4 / 140.0);
    for (int image = 0; image < 7; image++) {
      for (int layer = 0; layer < 2; layer++) {
        int from = counts.at(image, layer);
        assertThat(IntStream.range(from, from + 4).map(i -> counts.assigned()[i]).sum())
            .isEqualTo(20);
      }
    }
    for (int i = 0; i < counts.assigned().length; i++) {
      assertThat(counts.dispatched()[i]).isBetween(0, counts.assigned()[i]);
    }
    for (int layer = 0; layer < 2; layer++) {
      for (int expert = 0; expert < 4; expert++) {
        int dispatched = 0;
        for (int image = 0; image < 7; image++) {
          dispatched += counts.dispatched()[counts.at(image, layer) + expert];
        }
        assertThat(dispatched).isLessThanOrEqualTo(12);
      }
    }
  }

  @Test
  void shouldSayOfEachTokenHowManyChoicesWereKept() {
    BatchResult detailed =
        session.classifyInDetail(images(7), 7, new RoutingSettings(.3, 2, Routing.VANILLA));
    RoutingCounts counts = detailed.counts();
    assertThat(detailed.kept()).hasSize(7 * 2 * 10);
    assertThat(IntStream.range(0, 140).map(i -> detailed.kept()[i]).sum())
        .isEqualTo(IntStream.of(counts.dispatched()).sum());
    assertThat(IntStream.range(0, 140).filter(i -> detailed.kept()[i] == 0).count())
        .isEqualTo(IntStream.of(counts.skipped()).sum());
  }

  @Test
  void shouldDropNothingAtTheTopOfTheLadderAndTakeAnyLargerRatioAsThat() {
    for (double ratio : new double[] {2, 9, 1e300}) {
      BatchResult result =
          session.classify(images(7), 7, new RoutingSettings(ratio, 2, Routing.VANILLA));
      assertThat(result.slots()).isEqualTo(72); // 70 tokens, up to a multiple of 4
      assertThat(result.counts().processedShare(3)).isEqualTo(1);
      assertThat(result.settings().capacityRatio()).isEqualTo(ratio);
    }
  }

  @Test
  void shouldReadImagesFromTheStartOfALargerBuffer() {
    ByteBuffer images = images(7);
    RoutingSettings settings = new RoutingSettings(2, 2, Routing.BATCH_PRIORITY);
    float[][] all = session.classify(images, 7, settings).logits();
    images.position(100).limit(101);
    float[][] some = session.classify(images, 3, settings).logits();
    for (int image = 0; image < 3; image++) {
      assertThat(some[image]).usingComparatorWithPrecision(1e-5f).containsExactly(all[image]);
    }
    assertThat(images.position()).isEqualTo(100);
  }

  @Test
  void shouldKeepTheFirstChoicesOfAnImageThatMattersMore() {
    RoutingSettings settings = new RoutingSettings(.2, 2, Routing.BATCH_PRIORITY); // 8 slots
    for (int chosen = 0; chosen < 7; chosen++) {
      float[] priorities = ImagePriority.equal(7);
      priorities[chosen] = 10;
      BatchResult result = session.classify(images(7), 7, priorities, settings);
      double others = 0;
      for (int image = 0; image < 7; image++) {
        others += image == chosen ? 0 : result.counts().processedShare(image) / 6;
      }
      assertThat(result.counts().processedShare(chosen))
          .isGreaterThan(.4)
          .isGreaterThan(2 * others);
    }
  }

  @Test
  void shouldHeedOnlyProportionsOfPriorities() {
    RoutingSettings settings = new RoutingSettings(.3, 2, Routing.BATCH_PRIORITY);
    float[][] equal = session.classify(images(3), 3, settings).logits();
    assertThat(session.classify(images(3), 3, new float[] {7, 7, 7}, settings).logits())
        .isDeepEqualTo(equal);
    float[][] mixed = session.classify(images(3), 3, new float[] {4, 1, 4}, settings).logits();
    assertThat(session.classify(images(3), 3, new float[] {8, 2, 8}, settings).logits())
        .isDeepEqualTo(mixed);
    assertThat(Arrays.deepEquals(mixed, equal)).isFalse();
  }

  @Test
  void shouldIgnorePrioritiesInVanillaOrder() {
    RoutingSettings settings = new RoutingSettings(.3, 2, Routing.VANILLA);
    BatchResult equal = session.classify(images(7), 7, settings);
    float[] priorities = {1, 1, 100, .01f, 1, 10, 10};
    BatchResult mixed = session.classify(images(7), 7, priorities, settings);
    assertThat(mixed.logits()).isDeepEqualTo(equal.logits());
    assertThat(mixed.counts().dispatched()).isEqualTo(equal.counts().dispatched());
  }

  @Test
  void shouldRefusePrioritiesOutsideTheirBoundsOrOfOtherImages() {
    RoutingSettings settings = new RoutingSettings(1, 2, Routing.BATCH_PRIORITY);
    assertThatThrownBy(() -> session.classify(images(2), 2, new float[] {1, Float.NaN}, settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("priority NaN is outside 0.01 to 100.0");
    assertThatThrownBy(() -> session.classify(images(2), 2, new float[3], settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("3 priorities for 2 images");
  }

  @Test
  void shouldRefuseMoreExpertsATokenThanTheModelWasTrainedWith() {
    assertThatThrownBy(
            () -> session.classify(images(1), 1, new RoutingSettings(1, 3, Routing.VANILLA)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("experts per token 3 outside 1 to 2, the K that test was trained with");
  }

  @Test
  void shouldServeAModelOfWhenChoicesCouldBeLeftOut() throws IOException {
    RoutingSettings settings = new RoutingSettings(.3, 2, Routing.BATCH_PRIORITY);
    try (VmoeSession former = VmoeSession.open(withGateMin(file), ON_CPU)) {
      assertThat(former.classify(images(7), 7, settings).logits())
          .isDeepEqualTo(session.classify(images(7), 7, settings).logits());
    }
  }

  /** Returns a model file with one more input, which is added to the logits. */
  private Path withGateMin(Path model) throws IOException {
    ModelProto.Builder former = ModelProto.parseFrom(Files.readAllBytes(model)).toBuilder();
    GraphProto.Builder graph = former.getGraphBuilder();
    TypeProto.Tensor one =
        TypeProto.Tensor.newBuilder()
            .setElemType(TensorProto.DataType.FLOAT.getNumber())
            .setShape(
                TensorShapeProto.newBuilder()
                    .addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(1)))
            .build();
    graph.addInput(
        ValueInfoProto.newBuilder()
            .setName("gate_min")
            .setType(TypeProto.newBuilder().setTensorType(one)));
    graph
        .getNodeBuilderList()
        .forEach(
            node -> {
              if (node.getOutput(0).equals("logits")) {
                node.setOutput(0, "sum");
              }
            });
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Add")
            .addInput("sum")
            .addInput("gate_min")
            .addOutput("logits"));
    former.addMetadataProps(
        StringStringEntryProto.newBuilder().setKey("vmoe.gate_min").setValue("true"));
    Path file = folder.resolve("former.onnx");
    Files.write(file, former.build().toByteArray());
    return file;
  }

  @Test
  void shouldRefuseMoreTokensThanCanBeRoutedTogether() {
    assertThatThrownBy(
            () -> session.classify(images(1), 1 << 20, new RoutingSettings(1, 2, Routing.VANILLA)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1048576 images of")
        .hasMessageContaining("at most 2097152 tokens can be routed together");
  }

  @Test
  void shouldRefuseABufferThatIsTooSmallOrNotDirect() {
    RoutingSettings settings = new RoutingSettings(1, 2, Routing.VANILLA);
    assertThatThrownBy(() -> session.classify(images(2), 3, settings))
        .hasMessage("3 images of 432 bytes in a direct buffer of 864 bytes");
    assertThatThrownBy(() -> session.classify(ByteBuffer.allocate(432), 1, settings))
        .hasMessage("1 images of 432 bytes in a heap buffer of 432 bytes");
    assertThatThrownBy(() -> session.classify(images(1), 0, settings))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void shouldRunADenseModelWithoutRouting() throws IOException {
    Path dense = folder.resolve("dense.onnx");
    ModelImport.write(
        RandomCheckpoint.of(RandomCheckpoint.denseTwin(ARCHITECTURE), 5),
        ImportOptions.named("dense"),
        dense);
    try (VmoeSession twin = VmoeSession.open(dense, ON_CPU)) {
      BatchResult detailed =
          twin.classifyInDetail(images(2), 2, new RoutingSettings(.5, 2, Routing.VANILLA));
      assertThat(detailed.logits()).hasDimensions(2, 5);
      assertThat(detailed.slots()).isZero();
      assertThat(detailed.effectiveCapacityRatio()).isEqualTo(.5);
      assertThat(detailed.counts().processedShare(1)).isEqualTo(1);
      assertThat(detailed.kept()).isEmpty();
      assertThat(twin.card().classes()).containsExactly("0", "1", "2", "3", "4");
    }
  }

  @Test
  void shouldRefuseCudaWhereThereIsNoneAndTakeTheCpuOnlyIfAsked() {
    assumeThat(OrtEnvironment.getAvailableProviders()).doesNotContain(OrtProvider.CUDA);
    SessionSettings cuda = SessionSettings.on(Device.ofLabel("cuda:0"));
    assertThatThrownBy(() -> VmoeSession.open(file, cuda))
        .isInstanceOf(InferenceException.class)
        .hasMessageContaining("device cuda:0 cannot be used")
        .hasMessageContaining("CPU");
    try (VmoeSession auto = VmoeSession.open(file, SessionSettings.on(Device.ofLabel("auto")))) {
      assertThat(auto.device()).isEqualTo(Device.CPU);
    }
  }

  @Test
  void shouldSayWhatIsWrongWithAFile() throws IOException {
    assertThatThrownBy(() -> VmoeSession.open(folder.resolve("none.onnx"), ON_CPU))
        .isInstanceOf(InferenceException.class)
        .hasMessage("no model file " + folder.resolve("none.onnx"));
    Path junk = Files.write(folder.resolve("junk.onnx"), new byte[] {1, 2, 3});
    assertThatThrownBy(() -> VmoeSession.open(junk, ON_CPU))
        .isInstanceOf(InferenceException.class)
        .hasMessageStartingWith("cannot load " + junk + " on cpu: ")
        .hasMessageContaining("Protobuf parsing failed");
    Path strange = folder.resolve("strange.onnx");
    VmoeGraph.of(RandomCheckpoint.of(ARCHITECTURE, 5), Form.of(Target.CPU), Map.of())
        .write(strange);
    assertThatThrownBy(() -> VmoeSession.open(strange, ON_CPU))
        .isInstanceOf(InferenceException.class)
        .hasMessage(strange + ": model file has no metadata entry vmoe.name");
  }

  private static ByteBuffer images(int numImages) {
    byte[] bytes = new byte[numImages * 432];
    new Random(3).nextBytes(bytes);
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}
