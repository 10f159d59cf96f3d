package dev.vmoe.lab.patches;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.Device;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.inference.SessionSettings;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.model.Architectures;
import dev.vmoe.core.model.VmoeArchitecture;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.importer.convert.ImportChoices;
import dev.vmoe.importer.convert.ModelImport;
import dev.vmoe.lab.bench.RandomCheckpoint;
import dev.vmoe.lab.patches.WatchedBatch.Watched;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sheet of a random model: 12 × 12 pixels, 3 × 3 patches and a class token, 2 MoE layers. */
class ContactSheetTest {

  private static final int LAYERS = 2;
  private static final List<Double> RATIOS = List.of(1.0, .2);
  private static final Pattern PICTURE =
      Pattern.compile("<img alt=\"([^\"]*)\" src=\"data:image/png;base64,([^\"]*)\">");
  private static final Pattern COUNT =
      Pattern.compile("<figcaption>block (\\d)<br>(\\d+) of 9(<br>\\+ class token)?</figcaption>");

  @TempDir static Path folder;

  private static VmoeSession session;
  private static Explanation explanation;
  private static String page;

  @BeforeAll
  static void draw() throws IOException {
    Path file = folder.resolve("vmoe.onnx");
    ModelImport.write(
        RandomCheckpoint.of(
            Architectures.of(
                12, 4, 24, 32, 2, 4, List.of(1, 3), 4, 3, VmoeArchitecture.Classifier.TOKEN, 0),
            5),
        ImportChoices.withClasses("a <model>", List.of("\"a\"", "b & c", "<d>")),
        file);
    session = VmoeSession.open(file, new SessionSettings(Device.CPU, 1, false, List.of()));
    List<SeenImage> images = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      byte[] pixels = new byte[12 * 12 * 3];
      new Random(i).nextBytes(pixels);
      images.add(new SeenImage("<" + i + ">\"", i == 1 ? "b & c" : null, pixels));
    }
    explanation =
        Explanation.of(
            session, WatchedBatch.of(images.subList(0, 3), images.subList(3, 8)), RATIOS, 2);
    StringBuilder written = new StringBuilder();
    new ContactSheet(explanation, "drawn from <somewhere>", List.of("<x>: no such file"))
        .writeTo(written);
    page = written.toString();
  }

  @AfterAll
  static void close() {
    session.close();
  }

  @Test
  void shouldShowTheCountsOfTheRuns() {
    List<MatchResult> counts = COUNT.matcher(page).results().toList();
    assertThat(counts).hasSize(3 * RATIOS.size() * 2 * LAYERS);
    int next = 0;
    int classTokens = 0;
    for (Watched watched : explanation.batch().watched()) {
      for (Explanation.Pair pair : explanation.runs()) {
        for (Routing routing : Routing.values()) {
          for (int layer = 0; layer < LAYERS; layer++) {
            MatchResult count = counts.get(next++);
            int classToken = count.group(3) == null ? 0 : 1;
            classTokens += classToken;
            assertThat(count.group(1)).isEqualTo(layer == 0 ? "1" : "3");
            assertThat(Integer.parseInt(count.group(2)) + classToken)
                .isEqualTo(pair.run(routing).counts().skipped()[watched.place() * LAYERS + layer]);
          }
        }
      }
    }
    assertThat(classTokens).isPositive();
  }

  @Test
  void shouldDrawEachImageAsItIsAndAsEachLayerSawIt() throws IOException {
    List<MatchResult> pictures = PICTURE.matcher(page).results().toList();
    assertThat(pictures).hasSize(3 * (1 + RATIOS.size() * 2 * LAYERS));
    int next = 0;
    for (Watched watched : explanation.batch().watched()) {
      byte[] pixels = watched.image().pixels();
      assertThat(rgb(pictures.get(next++))).isEqualTo(pixels);
      for (Explanation.Pair pair : explanation.runs()) {
        for (Routing routing : Routing.values()) {
          for (int layer = 0; layer < LAYERS; layer++) {
            byte[] kept = pair.run(routing).kept(watched.place(), layer);
            MatchResult picture = pictures.get(next++);
            assertThat(rgb(picture))
                .isEqualTo(SkippedPatches.dim(explanation.grid(), pixels, kept));
            assertThat(picture.group(1))
                .startsWith(
                    "block %d skips %d of 9 patches"
                        .formatted(2 * layer + 1, SkippedPatches.count(explanation.grid(), kept)));
          }
        }
      }
    }
  }

  @Test
  void shouldTakeEachImagesOwnPartOfWhatWasKept() {
    BatchResult run = explanation.runs().get(1).run(Routing.VANILLA);
    for (int image = 0; image < 8; image++) {
      for (int layer = 0; layer < LAYERS; layer++) {
        int dispatched = 0;
        for (int expert = 0; expert < 4; expert++) {
          dispatched += run.counts().dispatched()[run.counts().at(image, layer) + expert];
        }
        int kept = 0;
        for (byte choices : run.kept(image, layer)) {
          kept += choices;
        }
        assertThat(kept).as("image %d, layer %d", image, layer).isEqualTo(dispatched);
      }
    }
  }

  @Test
  void shouldSayWhatTheBatchWasAndWhatBecameOfIt() {
    BatchResult low = explanation.runs().get(1).run(Routing.VANILLA);
    assertThat(page)
        .contains("<b>one micro-batch of 8 images</b>, whose 80 tokens compete for the slots of 4")
        .contains("K = 2. 5 more are not shown: drawn from &lt;somewhere&gt;.")
        .contains("image 2 of the 8 in the batch")
        // C = ceil(80 · 2 · 0.2 / 4) = 8 slots
        .contains("<h3>ratio 0.2, 0.200 in effect</h3>")
        .contains("<td>0.2</td><td>0.200</td><td>8</td><td>vanilla</td>");
    int skipped = 0;
    for (int image = 0; image < 8; image++) {
      skipped += low.counts().skipped()[image * LAYERS + 1];
    }
    assertThat(page).contains("<td>" + skipped + "</td></tr>");
  }

  @Test
  void shouldGiveThePredictionAndWhetherItIsWrongWhereThatIsKnown() {
    for (Explanation.Pair pair : explanation.runs()) {
      for (Watched watched : explanation.batch().watched()) {
        ScoredClass best = explanation.best(watched, pair.run(Routing.VANILLA));
        assertThat(best)
            .isEqualTo(
                ScoredClass.top(
                        session.card(), pair.run(Routing.VANILLA).logits()[watched.place()], 1)
                    .get(0));
        Boolean right = Explanation.isRight(watched, best);
        if (watched.image().label() == null) {
          assertThat(right).isNull();
        } else {
          assertThat(right).isEqualTo(best.label().equals("b & c"));
        }
      }
    }
    long wrong =
        explanation.runs().stream()
            .flatMap(pair -> pair.byRouting().values().stream())
            .filter(
                run ->
                    !explanation
                        .best(explanation.batch().watched().get(1), run)
                        .label()
                        .equals("b & c"))
            .count();
    assertThat(Pattern.compile(">wrong<").matcher(page).results().count()).isEqualTo(wrong);
  }

  @Test
  void shouldStandForItselfWithoutMarkupFromNamesAndWithoutTheNetwork() {
    assertThat(page)
        .contains("<title>Patches that a &lt;model&gt; skips</title>")
        .contains("<h2>&lt;1&gt;&quot;</h2>", "labelled b &amp; c")
        .contains("<p class=\"problem\">not shown, &lt;x&gt;: no such file</p>")
        .contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
        .contains("image-rendering: pixelated", "width: 84px")
        .doesNotContain("http:", "https:", "<script", "<link", "url(", "<x>", "<d>", "<1>");
  }

  private static byte[] rgb(MatchResult picture) throws IOException {
    BufferedImage image =
        ImageIO.read(new ByteArrayInputStream(Base64.getDecoder().decode(picture.group(2))));
    byte[] pixels = new byte[image.getWidth() * image.getHeight() * 3];
    for (int i = 0; i < pixels.length; i++) {
      int rgb = image.getRGB(i / 3 % image.getWidth(), i / 3 / image.getWidth());
      pixels[i] = (byte) (rgb >> 16 - 8 * (i % 3));
    }
    return pixels;
  }
}
