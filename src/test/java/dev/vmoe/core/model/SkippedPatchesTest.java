package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.PatchGrid;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.patches.SkippedPatches;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** That a patch is drawn where the graph took it from, and which ones routing skips. */
class SkippedPatchesTest {

  /** Of the bundled model: patches of an image, and layers with experts. */
  private static final int T = 36;

  private static final int LAYERS = 2;

  @ParameterizedTest
  @EnumSource(names = {"TOKEN", "GAP"}) // with a distillation token, models are dense
  void shouldDimThePixelsOfTheTokenThatWasSkipped(VmoeArchitecture.Classifier classifier) {
    VmoeArchitecture a = Architectures.of(12, 4, 24, 32, 2, 1, List.of(0), 4, 5, classifier, 0);
    PatchGrid grid =
        new PatchGrid(a.imageSize(), 3, classifier == VmoeArchitecture.Classifier.TOKEN);
    assertThat(grid.tokens()).isEqualTo(a.tokensPerImage());
    byte[] pixels = new byte[a.imageSize() * a.imageSize() * 3];
    new Random(7).nextBytes(pixels);
    try (GraphRun graph =
        GraphRun.of(VmoeGraph.withGates(withoutAttention(a), Form.of(Target.CPU), Map.of()))) {
      float[] before = gates(graph, pixels, a);
      for (int token = grid.tokens() - grid.patches(); token < grid.tokens(); token++) {
        byte[] kept = new byte[grid.tokens()];
        Arrays.fill(kept, (byte) 2);
        kept[token] = 0;
        float[] after = gates(graph, SkippedPatches.dim(grid, pixels, kept), a);
        int skipped = token;
        assertThat(IntStream.range(0, grid.tokens()))
            .as("tokens whose gates are others when token %d is dimmed", skipped)
            .filteredOn(t -> !Arrays.equals(row(before, t, a), row(after, t, a)))
            .containsExactly(skipped);
      }
    }
  }

  /** Each token sees its own patch alone. */
  private static ParameterTree withoutAttention(VmoeArchitecture a) {
    ParameterTree random = RandomCheckpoint.of(a, 3);
    Map<String, Tensor> leaves = new HashMap<>();
    for (String path : random.paths()) {
      Tensor leaf = random.get(path);
      leaves.put(
          path,
          path.contains("SelfAttention/out")
              ? Tensor.takeOver(new float[leaf.size()], leaf.shape())
              : leaf);
    }
    return new ParameterTree(leaves);
  }

  private static float[] gates(GraphRun graph, byte[] pixels, VmoeArchitecture a) {
    return graph
        .run(
            new GraphRun.Inputs()
                .images(pixels, 1, a.imageSize())
                .routing(40, 2, Routing.VANILLA, ImagePriority.equal(1)))
        .floats("gates");
  }

  private static float[] row(float[] gates, int token, VmoeArchitecture a) {
    return Arrays.copyOfRange(gates, token * a.numExperts(), (token + 1) * a.numExperts());
  }

  /** On the bundled model, N = 32 · 36 tokens, at a quarter of the slots. */
  @Test
  void shouldSkipUnimportantTokensUnderBatchPriorityAndLateOnesInVanillaOrder() throws IOException {
    int numImages = 32;
    int tokens = numImages * T;
    byte[] images = BundledPixels.of(0, numImages);
    ParameterTree checkpoint = CheckpointReader.read(BundledPixels.checkpoint("vmoe-bpr"));
    try (GraphRun graph =
        GraphRun.of(VmoeGraph.withGates(checkpoint, Form.of(Target.CPU), Map.of()))) {
      for (Routing routing : Routing.values()) {
        GraphRun.Outputs outputs =
            graph.run(
                new GraphRun.Inputs()
                    .images(images, numImages, BundledPixels.SIZE)
                    .routing(
                        Capacity.slots(tokens, 2, .25, 8),
                        2,
                        routing,
                        ImagePriority.equal(numImages)));
        for (int layer = 0; layer < LAYERS; layer++) {
          Means gate = new Means();
          Means place = new Means();
          for (int token = 0; token < tokens; token++) {
            int image = token / T;
            boolean skipped =
                outputs.bytes(GraphOutput.KEPT)[(image * LAYERS + layer) * T + token % T] == 0;
            gate.add(skipped, topGate(outputs.floats("gates"), layer * tokens + token));
            place.add(skipped, token);
          }
          assertThat(gate.numSkipped).isGreaterThan(tokens / 4);
          Means ordered = routing == Routing.BATCH_PRIORITY ? gate : place;
          double larger = routing == Routing.BATCH_PRIORITY ? ordered.kept() : ordered.skipped();
          double smaller = routing == Routing.BATCH_PRIORITY ? ordered.skipped() : ordered.kept();
          assertThat(smaller).as("%s in layer %d", routing, layer).isLessThan(.9 * larger);
        }
      }
    }
  }

  /** Means over the tokens that a layer skipped, and over the others. */
  private static final class Means {
    private double sumSkipped;
    private double sumKept;
    private int numSkipped;
    private int numKept;

    void add(boolean skipped, double value) {
      sumSkipped += skipped ? value : 0;
      sumKept += skipped ? 0 : value;
      numSkipped += skipped ? 1 : 0;
      numKept += skipped ? 0 : 1;
    }

    double skipped() {
      return sumSkipped / numSkipped;
    }

    double kept() {
      return sumKept / numKept;
    }
  }

  private static double topGate(float[] gates, int row) {
    return IntStream.range(0, 8).mapToDouble(e -> gates[row * 8 + e]).max().orElseThrow();
  }
}
