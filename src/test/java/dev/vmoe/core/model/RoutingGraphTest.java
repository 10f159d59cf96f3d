package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.vmoe.core.moe.Capacity;
import dev.vmoe.core.moe.DispatchPlan;
import dev.vmoe.core.moe.GraphOutput;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.ReferenceRouter;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingLimits;
import dev.vmoe.core.onnx.Extent;
import dev.vmoe.core.onnx.GraphBuilder;
import dev.vmoe.core.onnx.OnnxModel;
import dev.vmoe.core.onnx.Value;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The routing part of the graph alone, fed with gates, against the routing in plain Java. */
class RoutingGraphTest {

  private static final Map<String, GraphRun> OPEN = new HashMap<>();

  /** Gates to counts, with nothing else around. */
  private static GraphRun routing(int tokensPerImage, int numExperts) {
    return OPEN.computeIfAbsent(
        tokensPerImage + "×" + numExperts,
        key -> {
          GraphBuilder graph = new GraphBuilder("routing");
          Extent batch = Extent.named("batch");
          Value gates =
              graph.input("gates", DataType.FLOAT, Extent.named("tokens"), Extent.of(numExperts));
          RoutingInputs inputs = RoutingInputs.declare(graph, batch);
          SlotAssignment slots = SlotAssignment.of(gates, tokensPerImage, numExperts, inputs);
          ImageCounts counts =
              ImageCounts.of(
                  gates, slots, inputs.imagePriority().extent(0), tokensPerImage, numExperts);
          Extent experts = Extent.of(numExperts);
          graph.output(
              GraphOutput.ASSIGNED.label(), counts.assigned(), DataType.INT32, batch, experts);
          graph.output(
              GraphOutput.DISPATCHED.label(), counts.dispatched(), DataType.INT32, batch, experts);
          graph.output(
              GraphOutput.GATE_SUM.label(), counts.gateSum(), DataType.FLOAT, batch, experts);
          graph.output(
              GraphOutput.IMPORTANCE.label(), counts.importance(), DataType.FLOAT, batch, experts);
          graph.output(GraphOutput.SKIPPED.label(), counts.skipped(), DataType.INT32, batch);
          graph.output(
              GraphOutput.KEPT.label(),
              counts.kept(),
              DataType.INT8,
              batch,
              Extent.of(tokensPerImage));
          graph.output(
              "weight", slots.weight(), DataType.FLOAT, Extent.named("tokens"), Extent.named("k"));
          return GraphRun.of(new OnnxModel(graph, Map.of()));
        });
  }

  @AfterAll
  @AfterContainer
  static void close() {
    OPEN.values().forEach(GraphRun::close);
    OPEN.clear();
  }

  private static final float[] WORKED_GATES = {.4f, 0, .2f, .5f, .1f, .4f, .3f, .2f, .6f};

  private static GraphRun.Outputs workedExample(Routing routing) {
    return routing(3, 3)
        .run(
            new GraphRun.Inputs()
                .floats("gates", WORKED_GATES, 3, 3)
                .routing(2, 2, routing, new float[] {1}));
  }

  @Test
  void shouldKeepEarlierTokensInVanillaOrder() {
    GraphRun.Outputs outputs = workedExample(Routing.VANILLA);
    assertThat(outputs.floats("weight")).containsExactly(.4f, .2f, .5f, 0, .6f, 0);
    assertThat(outputs.bytes(GraphOutput.KEPT)).containsExactly(2, 1, 1);
    assertThat(outputs.ints(GraphOutput.ASSIGNED)).containsExactly(3, 0, 3);
    assertThat(outputs.ints(GraphOutput.DISPATCHED)).containsExactly(2, 0, 2);
    assertThat(outputs.ints(GraphOutput.SKIPPED)).containsExactly(0);
  }

  @Test
  void shouldKeepTokensWithLargerGatesUnderBatchPriority() {
    GraphRun.Outputs outputs = workedExample(Routing.BATCH_PRIORITY);
    assertThat(outputs.floats("weight")).containsExactly(.4f, 0, .5f, .4f, .6f, 0);
    assertThat(outputs.bytes(GraphOutput.KEPT)).containsExactly(1, 2, 1);
    assertThat(outputs.ints(GraphOutput.DISPATCHED)).containsExactly(2, 0, 2);
  }

  @Test
  void shouldServeImagesOfHigherPriorityFirst() {
    float[] gates = {.9f, .1f, .8f, .2f, .6f, .4f, .7f, .3f}; // two images of two tokens
    GraphRun.Outputs outputs =
        routing(2, 2)
            .run(
                new GraphRun.Inputs()
                    .floats("gates", gates, 4, 2)
                    .routing(2, 1, Routing.BATCH_PRIORITY, new float[] {.5f, 1}));
    assertThat(outputs.bytes(GraphOutput.KEPT)).containsExactly(0, 0, 1, 1);
    assertThat(outputs.ints(GraphOutput.SKIPPED)).containsExactly(2, 0);
  }

  @Test
  void shouldTakeAKeyOutsideZeroToOneAsItsBound() {
    assertThat(keptOfTwoTokensForOneSlot(.6f, 5, .7f, 5)).containsExactly(1, 0);
    assertThat(keptOfTwoTokensForOneSlot(.9f, -2, .8f, -1)).containsExactly(1, 0);
    assertThat(keptOfTwoTokensForOneSlot(.6f, .5f, .7f, .5f)).containsExactly(0, 1);
  }

  private static byte[] keptOfTwoTokensForOneSlot(
      float gate0, float priority0, float gate1, float priority1) {
    return routing(1, 2)
        .run(
            new GraphRun.Inputs()
                .floats("gates", new float[] {gate0, 1 - gate0, gate1, 1 - gate1}, 2, 2)
                .routing(1, 1, Routing.BATCH_PRIORITY, new float[] {priority0, priority1}))
        .bytes(GraphOutput.KEPT);
  }

  /** Priorities of the images of a batch, as a run brings them to the graph. */
  enum Priorities {
    EQUAL,
    /** Any number that the input takes. */
    ANY,
    /** Few different ones, so that images tie. */
    FEW;

    private static final float[] ALLOWED = {.01f, .3f, 1, 10, 100};

    float[] of(int numImages, Random random) {
      float[] priorities = ImagePriority.equal(numImages);
      for (int image = 0; image < numImages; image++) {
        switch (this) {
          case EQUAL -> {}
          case ANY -> priorities[image] = random.nextFloat();
          case FEW -> priorities[image] = ALLOWED[random.nextInt(ALLOWED.length)];
        }
      }
      return this == ANY ? priorities : ImagePriority.relative(priorities);
    }
  }

  @Property(tries = 400)
  void shouldRouteAsThePlainJavaReference(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 64) int numImages,
      @ForAll @IntRange(min = 1, max = 2) int expertsPerToken,
      @ForAll @DoubleRange(min = 0.05, max = 4) double ratio,
      @ForAll Routing routing,
      @ForAll @IntRange(min = 0, max = 2) int coarseness,
      @ForAll Priorities priorities) {
    Random random = new Random(seed);
    int tokensPerImage = random.nextBoolean() ? 50 : 5;
    int numExperts = random.nextBoolean() ? 8 : 3;
    int numTokens = numImages * tokensPerImage;
    float[] gates = gates(random, numTokens, numExperts, new int[] {0, 64, 4}[coarseness]);
    requireTheReferencesRouting(
        gates,
        numExperts,
        Capacity.slots(numTokens, expertsPerToken, ratio, numExperts),
        expertsPerToken,
        routing,
        priorities.of(numImages, random));
  }

  @ParameterizedTest
  @CsvSource({"BATCH_PRIORITY, 2", "VANILLA, 2", "BATCH_PRIORITY, 3", "VANILLA, 3"})
  void shouldRouteToTheMostExpertsThatItHolds(Routing routing, int expertsPerToken) {
    Random random = new Random(1);
    int numExperts = RoutingLimits.MAX_EXPERT_CHOICES / expertsPerToken;
    float[] gates = gates(random, 400, numExperts, 0);
    requireTheReferencesRouting(
        gates, numExperts, 4, expertsPerToken, routing, Priorities.ANY.of(8, random));
  }

  private static void requireTheReferencesRouting(
      float[] gates,
      int numExperts,
      int slots,
      int expertsPerToken,
      Routing routing,
      float[] imagePriority) {
    int numTokens = gates.length / numExperts;
    int tokensPerImage = numTokens / imagePriority.length;
    GraphRun.Outputs outputs =
        routing(tokensPerImage, numExperts)
            .run(
                new GraphRun.Inputs()
                    .floats("gates", gates, numTokens, numExperts)
                    .routing(slots, expertsPerToken, routing, imagePriority));

    float[] tokenPriority = new float[numTokens];
    for (int token = 0; token < numTokens; token++) {
      tokenPriority[token] = imagePriority[token / tokensPerImage];
    }
    DispatchPlan plan =
        ReferenceRouter.route(gates, numExperts, expertsPerToken, slots, routing, tokenPriority);
    RoutingCounts counts = plan.countsByImage(tokensPerImage);
    assertThat(outputs.ints(GraphOutput.ASSIGNED)).containsExactly(counts.assigned());
    assertThat(outputs.ints(GraphOutput.DISPATCHED)).containsExactly(counts.dispatched());
    assertThat(outputs.ints(GraphOutput.SKIPPED)).containsExactly(counts.skipped());
    assertThat(outputs.bytes(GraphOutput.KEPT)).containsExactly(kept(plan));
    assertThat(outputs.floats(GraphOutput.GATE_SUM))
        .containsExactly(counts.gateSum(), within(1e-5f));
    assertThat(outputs.floats(GraphOutput.IMPORTANCE))
        .containsExactly(counts.importance(), within(1e-5f));
  }

  /** Random gates that sum to 1; in whole steps where there are steps, so that many are equal. */
  private static float[] gates(Random random, int numTokens, int numExperts, int steps) {
    float[] gates = new float[numTokens * numExperts];
    for (int token = 0; token < numTokens; token++) {
      double[] row = random.doubles(numExperts).map(x -> Math.exp(4 * x)).toArray();
      double sum = Arrays.stream(row).sum();
      for (int expert = 0; expert < numExperts; expert++) {
        double gate = row[expert] / sum;
        gates[token * numExperts + expert] =
            (float) (steps == 0 ? gate : Math.rint(gate * steps) / steps);
      }
    }
    return gates;
  }

  private static int[] kept(DispatchPlan plan) {
    int[] kept = new int[plan.numTokens()];
    Arrays.setAll(kept, plan::keptChoices);
    return kept;
  }
}
