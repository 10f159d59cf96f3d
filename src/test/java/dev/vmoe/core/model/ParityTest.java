package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.core.tensor.Tensor;
import dev.vmoe.importer.checkpoint.CheckpointReader;
import dev.vmoe.importer.checkpoint.Npz;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The graph against logits and routing that PyTorch computed of the same checkpoint, over routings,
 * K, ratios and batch sizes. The images are such that no choice hangs on a difference of gates as
 * small as rounding.
 */
class ParityTest {

  private static final Path PARITY =
      Path.of(System.getProperty("vmoe.home", "."), "src/test/resources/parity");

  private static final Pattern LOGITS =
      Pattern.compile("logits_((bpr|vanilla)_k(\\d)_r([\\d.]+)_b(\\d+))");

  /** Largest difference of two logits, as a part of the largest logit. */
  private static final double TOLERANCE = 1e-4;

  /** Routings · K · ratios · batch sizes of a set. */
  private static final int SETTINGS = 2 * 2 * 5 * 3;

  @ParameterizedTest
  @EnumSource
  void shouldSayWhatPyTorchSaysOfTheBundledModel(Target target) throws IOException {
    compare(
        CheckpointReader.read(BundledPixels.checkpoint("vmoe-bpr")),
        Npz.read(PARITY.resolve("characters.npz")),
        target);
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayWhatPyTorchSaysOfAModelWithAClassTokenAndExpertsInAllBlocks(Target target)
      throws IOException {
    compare(
        CheckpointReader.read(PARITY.resolve("token")),
        Npz.read(PARITY.resolve("token.npz")),
        target);
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayWhatPyTorchSaysOfAModelWithMeanPoolingAndPreLogits(Target target)
      throws IOException {
    compare(
        CheckpointReader.read(PARITY.resolve("mixed")),
        Npz.read(PARITY.resolve("mixed.npz")),
        target);
  }

  private static void compare(ParameterTree checkpoint, ParameterTree expected, Target target) {
    VmoeArchitecture architecture = VmoeArchitecture.of(checkpoint);
    byte[] images = bytes(expected.get("images"));
    int classStep = (int) expected.get("class_step").at(0);
    List<String> compared = new ArrayList<>();
    try (GraphRun graph = GraphRun.of(VmoeGraph.of(checkpoint, Form.of(target), Map.of()))) {
      for (String path : expected.paths()) {
        Matcher name = LOGITS.matcher(path);
        if (!name.matches()) {
          continue;
        }
        String setting = name.group(1);
        GraphRun.Outputs outputs = run(graph, architecture, images, expected, name);
        Tensor logits = expected.get(path);
        float[] all = outputs.floats(GraphOutput.LOGITS);
        assertThat(relativeDifference(everyStep(all, architecture.numClasses(), classStep), logits))
            .as("logits of %s", setting)
            .isLessThanOrEqualTo(TOLERANCE);
        assertThat(outputs.ints(GraphOutput.ASSIGNED))
            .as("assigned of %s", setting)
            .isEqualTo(ints(expected.get("assigned_" + setting)));
        assertThat(outputs.ints(GraphOutput.DISPATCHED))
            .as("dispatched of %s", setting)
            .isEqualTo(ints(expected.get("dispatched_" + setting)));
        compared.add(setting);
      }
    }
    assertThat(compared).as("settings compared").hasSize(SETTINGS);
  }

  private static GraphRun.Outputs run(
      GraphRun graph,
      VmoeArchitecture architecture,
      byte[] images,
      ParameterTree expected,
      MatchResult name) {
    int numImages = Integer.parseInt(name.group(5));
    int size = architecture.imageSize();
    float[] priority = new float[numImages];
    Arrays.fill(priority, 1);
    return graph.run(
        new GraphRun.Inputs()
            .images(Arrays.copyOf(images, numImages * size * size * 3), numImages, size)
            .routing(
                (int) expected.get("capacity_" + name.group(1)).at(0),
                Integer.parseInt(name.group(3)),
                Routing.ofLabel(name.group(2)),
                priority));
  }

  /** Returns the logits of class 0 and each {@code step}-th class after it. */
  private static float[] everyStep(float[] logits, int numClasses, int step) {
    int kept = (numClasses + step - 1) / step;
    float[] some = new float[logits.length / numClasses * kept];
    for (int i = 0; i < some.length; i++) {
      some[i] = logits[i / kept * numClasses + i % kept * step];
    }
    return some;
  }

  private static double relativeDifference(float[] actual, Tensor expected) {
    assertThat(actual).hasSize(expected.size());
    double difference = 0;
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      difference = Math.max(difference, Math.abs((double) actual[i] - expected.at(i)));
      largest = Math.max(largest, Math.abs(expected.at(i)));
    }
    return difference / largest;
  }

  private static byte[] bytes(Tensor tensor) {
    byte[] bytes = new byte[tensor.size()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) tensor.at(i);
    }
    return bytes;
  }

  private static int[] ints(Tensor tensor) {
    int[] ints = new int[tensor.size()];
    Arrays.setAll(ints, i -> (int) tensor.at(i));
    return ints;
  }
}
