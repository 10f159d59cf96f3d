package dev.vmoe.importer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointWriter.Layout;
import dev.vmoe.importer.checkpoint.CheckpointWriter.Leaf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

class CheckpointRoundTripTest {

  private Path folder = Path.of("");

  @BeforeTry
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("checkpoint");
  }

  @AfterTry
  void removeFolder() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  @Property(tries = 100)
  void shouldReadWhatWasWritten(
      @ForAll("trees") ParameterTree tree,
      @ForAll Dtype dtype,
      @ForAll @IntRange(min = 1, max = 5) int shards)
      throws IOException {
    Path prefix = folder.resolve("model");
    CheckpointWriter.write(prefix, tree, dtype, shards);

    assertSame(CheckpointReader.read(prefix), tree);
    assertSame(CheckpointReader.read(folder.resolve("model.index")), tree);
  }

  @Property(tries = 100)
  void shouldReadTrainStatesOfEveryLayout(
      @ForAll("trees") ParameterTree tree,
      @ForAll @IntRange(min = 1, max = 4) int shards,
      @ForAll @IntRange(min = 8, max = 40) int maxPieceBytes,
      @ForAll boolean versioned,
      @ForAll Random random)
      throws IOException {
    List<Leaf> leaves = new ArrayList<>();
    leaves.add(new Leaf("step", Tensor.of(new float[] {7}), Dtype.INT32));
    List<String> paths = new ArrayList<>(tree.paths());
    paths.forEach(p -> leaves.add(new Leaf("params/" + p, tree.get(p), Dtype.BFLOAT16)));
    paths.forEach(
        p -> leaves.add(new Leaf("opt_state/0/" + p, noise(tree.get(p), random), Dtype.FLOAT32)));
    List<Leaf> ordered = versioned ? LeafOrder.SORTED.apply(leaves, Leaf::keys) : grouped(leaves);
    Path prefix = folder.resolve("state");
    CheckpointWriter.write(prefix, ordered, new Layout(shards, maxPieceBytes, versioned));

    assertSame(CheckpointReader.read(prefix), tree);
  }

  /** Zeros and ones: exact in every type. */
  @Provide
  Arbitrary<ParameterTree> trees() {
    Arbitrary<String> key =
        Arbitraries.of("cls", "Encoder", "encoderblock_2", "encoderblock_10", "a-b", "bias", "é");
    Arbitrary<String> path =
        key.list().ofMinSize(1).ofMaxSize(3).map(keys -> String.join("/", keys));
    Arbitrary<int[]> shape = Arbitraries.integers().between(0, 5).array(int[].class).ofMaxSize(4);
    Arbitrary<Tensor> tensor =
        Combinators.combine(shape, Arbitraries.randoms())
            .as((extents, random) -> noise(Tensor.of(new float[volume(extents)], extents), random));
    return Arbitraries.maps(path, tensor)
        .ofMinSize(1)
        .ofMaxSize(8)
        .map(CheckpointRoundTripTest::tree);
  }

  private static int volume(int[] shape) {
    return (int) Region.volume(shape);
  }

  private static Tensor noise(Tensor like, Random random) {
    float[] values = new float[like.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(2);
    }
    return Tensor.takeOver(values, like.shape());
  }

  /** Leaves out what would be both a leaf and a subtree. */
  private static ParameterTree tree(Map<String, Tensor> leaves) {
    Map<String, Tensor> kept = new TreeMap<>(leaves);
    for (String path : leaves.keySet()) {
      kept.keySet().removeIf(other -> other.startsWith(path + "/"));
    }
    return new ParameterTree(kept);
  }

  /** Depth-first needs the leaves of one subtree side by side; the order is otherwise free. */
  private static List<Leaf> grouped(List<Leaf> leaves) {
    return LeafOrder.SORTED_BELOW_FIELDS.apply(leaves, Leaf::keys);
  }

  private static void assertSame(ParameterTree read, ParameterTree written) {
    assertThat(read.paths()).containsExactlyElementsOf(written.paths());
    for (String path : written.paths()) {
      assertThat(read.get(path).shape()).as(path).isEqualTo(written.get(path).shape());
      assertThat(read.get(path).values()).as(path).isEqualTo(written.get(path).values());
    }
  }
}
