package dev.vmoe.core.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.VmoeArchitecture.Classifier;
import dev.vmoe.core.moe.ImagePriority;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.core.tensor.ParameterTree;
import dev.vmoe.importer.convert.ImportOptions;
import dev.vmoe.importer.convert.ImportedModels;
import dev.vmoe.importer.convert.Preset;
import dev.vmoe.lab.bench.Variant;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Imported models, run as an instance runs them, against {@link PlainVmoe}: logits within {@value
 * #TOLERANCE} of the largest logit of their image, routing counts the very same.
 *
 * <p>Counts can only be the same where no decision hangs on less than the rounding of fp32. So the
 * gates of the graph are compared, too, and each decision of the plain pass must be at least twice
 * as far from the other way as any two gates differ. Seeds are fixed; one whose images bring a tie
 * within rounding fails here, and says so.
 *
 * <p>What was measured is written to {@code target/fidelity/logits.csv}.
 */
class FidelityTest {

  /** Largest difference of two logits, as a part of the largest logit of the image. */
  private static final double TOLERANCE = 1e-4;

  private static final List<String> ROWS = new ArrayList<>();

  @TempDir private Path folder = Path.of("");

  static Stream<FidelityCase> models() {
    return Stream.of(
        new FidelityCase(
            "token, every second of 4, 8 experts, 4 heads",
            Architectures.of(32, 8, 32, 64, 4, 4, List.of(1, 3), 8, 10, Classifier.TOKEN, 0),
            false,
            6,
            1),
        new FidelityCase(
            "mean, pre-logits, last of 5, 4 experts, 3 heads",
            Architectures.of(24, 6, 24, 40, 3, 5, List.of(3), 4, 7, Classifier.GAP, 16),
            false,
            7,
            2),
        new FidelityCase(
            "token, pre-logits, last 2 of 8, 32 experts, 6 heads",
            Architectures.of(28, 7, 48, 32, 6, 8, List.of(5, 7), 32, 12, Classifier.TOKEN, 20),
            false,
            9,
            3),
        new FidelityCase(
            "mean, sincos2d, dense first 3 of 5, 4 experts, 1 head",
            Architectures.of(20, 4, 16, 24, 1, 5, List.of(3, 4), 4, 5, Classifier.GAP, 0),
            true,
            5,
            4),
        new FidelityCase(
            "token, sincos2d, every second of 6, 8 experts, 5 heads",
            Architectures.of(30, 5, 40, 80, 5, 6, List.of(1, 3, 5), 8, 3, Classifier.TOKEN, 0),
            true,
            3,
            5),
        new FidelityCase(
            "token, one patch, all of 2, 8 experts, one image",
            Architectures.of(9, 9, 8, 12, 2, 2, List.of(0, 1), 8, 4, Classifier.TOKEN, 0),
            false,
            1,
            6),
        new FidelityCase(
            "token, pre-logits, no experts",
            Architectures.of(32, 16, 32, 64, 4, 3, List.of(), 0, 10, Classifier.TOKEN, 24),
            false,
            4,
            7));
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldSayWhatThePlainPassSays(FidelityCase model) throws IOException {
    compare(model, model.settings(.1, .25, .5, 1.05, 4));
  }

  /** Takes minutes and gigabytes; how to run it says the documentation of the model. */
  @Test
  @EnabledIfSystemProperty(named = "vmoe.fidelity.full", matches = "true")
  void shouldSayWhatThePlainPassSaysAtTheSizeOfS32() throws IOException {
    FidelityCase model = new FidelityCase("S/32", Variant.S32_LAST_2.architecture(), false, 8, 8);
    compare(model, model.settings(.25, 1.05));
  }

  /** Takes minutes and gigabytes for each release. */
  @ParameterizedTest
  @EnumSource
  @EnabledIfSystemProperty(named = "vmoe.fidelity.full", matches = "true")
  void shouldSayWhatThePlainPassSaysAtTheSizeOfARelease(Preset preset) throws IOException {
    FidelityCase model = new FidelityCase(preset.label(), preset.architecture(), false, 1, 10);
    preset.requireIn(model.checkpoint());
    compare(model, List.of(new PlainVmoe.Setting(2, preset.options().capacityRatio(), true)));
  }

  private void compare(FidelityCase model, List<PlainVmoe.Setting> settings) throws IOException {
    compare(model, settings, "");
  }

  private void compare(FidelityCase model, List<PlainVmoe.Setting> settings, String more)
      throws IOException {
    ParameterTree checkpoint = model.checkpoint();
    PlainVmoe plain = model.plain(checkpoint);
    List<PlainVmoe.Said> expected =
        settings.stream()
            .map(setting -> plain.run(model.images(), model.numImages(), setting))
            .toList();
    for (Target target : Target.values()) {
      double logits = 0;
      double gates = 0;
      double margin = Double.POSITIVE_INFINITY;
      try (VmoeSession session =
              ImportedModels.open(
                  folder, checkpoint, ImportOptions.named("m"), target, target.name());
          GraphRun graph = withGates(model, checkpoint, target)) {
        for (int i = 0; i < settings.size(); i++) {
          PlainVmoe.Setting setting = settings.get(i);
          PlainVmoe.Said said = expected.get(i);
          double gate = model.architecture().dense() ? 0 : gates(graph, model, setting, said);
          assertThat(gate).as("gates of %s", setting).isLessThanOrEqualTo(TOLERANCE);
          assertThat(said.margin())
              .as("a tie within rounding, take another seed: margin of %s", setting)
              .isGreaterThan(2 * gate);
          gates = Math.max(gates, gate);
          margin = Math.min(margin, said.margin());
          logits = Math.max(logits, compare(session, model, setting, said));
        }
      }
      ROWS.add(
          String.format(
              Locale.ROOT,
              "\"%s\",%s,%d,%.1e,%.1e,%.1e",
              model.name() + more,
              target.name().toLowerCase(Locale.ROOT),
              settings.size(),
              logits,
              gates,
              margin));
    }
  }

  /** Returns the largest difference of two logits, as a part of the largest of the image. */
  private static double compare(
      VmoeSession session, FidelityCase model, PlainVmoe.Setting setting, PlainVmoe.Said said) {
    byte[] images = model.images();
    BatchResult detailed =
        session.classifyInDetail(
            ByteBuffer.allocateDirect(images.length).put(images),
            model.numImages(),
            new RoutingSettings(setting.ratio(), setting.k(), routing(setting)));

    double worst = 0;
    for (int image = 0; image < model.numImages(); image++) {
      double[] logits = said.logits()[image];
      float[] actual = detailed.logits()[image];
      double largest = Arrays.stream(logits).map(Math::abs).max().orElseThrow();
      for (int i = 0; i < logits.length; i++) {
        worst = Math.max(worst, Math.abs(actual[i] - logits[i]) / largest);
      }
    }
    assertThat(worst).as("logits of %s", setting).isLessThanOrEqualTo(TOLERANCE);
    int tokens = model.architecture().tokensPerImage();
    RoutingCounts counts = detailed.counts();
    for (int layer = 0; layer < said.routed().size(); layer++) {
      for (int image = 0; image < model.numImages(); image++) {
        compareCounts(setting, said, layer, image, tokens, counts);
        assertThat(detailed.kept(image, layer))
            .as("kept of image %d, layer %d, %s", image, layer, setting)
            .isEqualTo(kept(said.routed().get(layer), image, tokens));
      }
    }
    return worst;
  }

  private static void compareCounts(
      PlainVmoe.Setting setting,
      PlainVmoe.Said said,
      int layer,
      int image,
      int tokens,
      RoutingCounts counts) {
    double[][] gates = said.gates().get(layer);
    PlainRouter.Routed plan = said.routed().get(layer);
    int experts = gates[0].length;
    int[] assigned = new int[experts];
    int[] dispatched = new int[experts];
    double[] gateSum = new double[experts];
    double[] importance = new double[experts];
    for (int token = image * tokens; token < (image + 1) * tokens; token++) {
      for (int choice = 0; choice < setting.k(); choice++) {
        int expert = plan.expert()[token][choice];
        assigned[expert]++;
        if (plan.kept()[token][choice]) {
          dispatched[expert]++;
          gateSum[expert] += gates[token][expert];
        }
      }
      for (int expert = 0; expert < experts; expert++) {
        importance[expert] += gates[token][expert];
      }
    }

    String what = String.format("image %d, layer %d, %s", image, layer, setting);
    int at = counts.at(image, layer);
    assertThat(Arrays.copyOfRange(counts.assigned(), at, at + experts))
        .as("assigned, %s", what)
        .isEqualTo(assigned);
    assertThat(Arrays.copyOfRange(counts.dispatched(), at, at + experts))
        .as("dispatched, %s", what)
        .isEqualTo(dispatched);
    int skipped = 0;
    for (byte kept : kept(plan, image, tokens)) {
      skipped += kept == 0 ? 1 : 0;
    }
    assertThat(counts.skipped()[image * said.routed().size() + layer])
        .as("skipped, %s", what)
        .isEqualTo(skipped);
    for (int expert = 0; expert < experts; expert++) {
      assertThat((double) counts.gateSum()[at + expert])
          .as("gate sum of expert %d, %s", expert, what)
          .isCloseTo(gateSum[expert], within(TOLERANCE * tokens));
      assertThat((double) counts.importance()[at + expert])
          .as("importance of expert %d, %s", expert, what)
          .isCloseTo(importance[expert], within(TOLERANCE * tokens));
    }
  }

  private static byte[] kept(PlainRouter.Routed plan, int image, int tokens) {
    byte[] kept = new byte[tokens];
    for (int token = 0; token < tokens; token++) {
      for (boolean choice : plan.kept()[image * tokens + token]) {
        kept[token] += choice ? 1 : 0;
      }
    }
    return kept;
  }

  /** Returns the largest difference of two gates. */
  private static double gates(
      GraphRun graph, FidelityCase model, PlainVmoe.Setting setting, PlainVmoe.Said said) {
    int size = model.architecture().imageSize();
    int experts = model.architecture().numExperts();
    int tokens = said.gates().get(0).length;
    float[] actual =
        graph
            .run(
                new GraphRun.Inputs()
                    .images(model.images(), model.numImages(), size)
                    .routing(
                        PlainRouter.slots(tokens, setting.k(), setting.ratio(), experts),
                        setting.k(),
                        routing(setting),
                        ImagePriority.equal(model.numImages())))
            .floats("gates");
    double worst = 0;
    for (int i = 0; i < actual.length; i++) {
      double[][] layer = said.gates().get(i / experts / tokens);
      worst = Math.max(worst, Math.abs(actual[i] - layer[i / experts % tokens][i % experts]));
    }
    return worst;
  }

  private static GraphRun withGates(FidelityCase model, ParameterTree checkpoint, Target target) {
    return GraphRun.of(
        model.architecture().dense()
            ? VmoeGraph.of(checkpoint, Form.of(target), Map.of())
            : VmoeGraph.withGates(checkpoint, Form.of(target), Map.of()));
  }

  private static Routing routing(PlainVmoe.Setting setting) {
    return setting.priority() ? Routing.BATCH_PRIORITY : Routing.VANILLA;
  }

  @AfterAll
  static void writeWhatWasMeasured() throws IOException {
    Path file = Path.of(System.getProperty("vmoe.home", "."), "target", "fidelity", "logits.csv");
    Files.createDirectories(file.getParent());
    List<String> lines = new ArrayList<>();
    lines.add("model,target,settings,logit_difference,gate_difference,decision_margin");
    lines.addAll(ROWS);
    Files.write(file, lines);
  }
}
