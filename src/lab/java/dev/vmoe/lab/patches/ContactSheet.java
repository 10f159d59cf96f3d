package dev.vmoe.lab.patches;

import static dev.vmoe.lab.patches.Markup.escape;

import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.core.inference.BatchResult;
import dev.vmoe.core.inference.ScoredClass;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.PatchGrid;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingCounts;
import dev.vmoe.lab.patches.WatchedBatch.Watched;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/**
 * An explanation as one page of HTML: each watched image at each ratio, batch priority routing
 * beside vanilla order, one picture for each MoE layer with the patches that it skipped dimmed.
 *
 * <p>The page loads nothing, and its policy says so to the browser: pictures are within it, and the
 * fonts are the reader's.
 */
public final class ContactSheet {

  /** Pictures of fewer pixels a side are enlarged by a whole factor. */
  private static final int SMALL = 84;

  /** Pictures of more pixels a side are reduced by a whole divisor. */
  private static final int LARGE = 224;

  private final Explanation explanation;
  private final String company;
  private final List<String> problems;
  private final PngEncoder encoder = new PngEncoder();

  /**
   * Creates a sheet.
   *
   * @param company where the images beside the watched ones come from; unused if there are none
   * @param problems files that are not shown, and why
   */
  public ContactSheet(Explanation explanation, String company, List<String> problems) {
    this.explanation = explanation;
    this.company = company;
    this.problems = List.copyOf(problems);
  }

  /** Writes the page. */
  public void writeTo(Appendable page) throws IOException {
    ModelCard card = explanation.card();
    page.append(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
        <title>Patches that %1$s skips</title>
        <style>
        %2$s%3$s</style>
        </head>
        <body>
        <h1>Patches that %1$s skips</h1>
        """
            .formatted(escape(card.name()), css(), pictureCss()));
    introduce(page);
    summarise(page);
    for (Watched watched : explanation.batch().watched()) {
      article(page, watched);
    }
    page.append("</body>\n</html>\n");
  }

  private void introduce(Appendable page) throws IOException {
    WatchedBatch batch = explanation.batch();
    ModelCard card = explanation.card();
    int others = batch.numImages() - batch.watched().size();
    int k = explanation.runs().get(0).common().settings().expertsPerToken();
    page.append(
        String.format(
            Locale.ROOT,
            "<p>All images are <b>one micro-batch of %s</b>, whose %,d tokens compete for the slots"
                + " of %d experts in each MoE block, K = %d. %s</p>\n",
            images(batch.numImages()),
            batch.numImages() * card.tokensPerImage(),
            card.numExperts(),
            k,
            others == 0
                ? "There are no others in it."
                : "%s not shown: %s."
                    .formatted(others == 1 ? "1 more is" : others + " more are", escape(company))));
    page.append(
        """
        <p><span class="veil"></span> Blue patches are skipped by the block: no choice of theirs found a slot, so its experts
        leave them as they are. Under <b>BPR</b> tokens with the largest gate of the whole batch claim first, in
        <b>vanilla</b> order those of the images that come first. Images are shown as the model sees them.</p>
        """);
    for (String problem : problems) {
      page.append("<p class=\"problem\">not shown, ").append(escape(problem)).append("</p>\n");
    }
  }

  /** Writes what became of the whole batch. */
  private void summarise(Appendable page) throws IOException {
    page.append(
        """
        <div class="scroll"><table>
        <caption>The whole batch: choices processed, and tokens skipped by block</caption>
        <thead><tr><th scope="col">ratio</th><th scope="col">in effect</th><th scope="col">slots an expert</th>\
        <th scope="col">routing</th><th scope="col">processed</th>\
        """);
    for (int block : explanation.card().moeBlocks()) {
      page.append("<th scope=\"col\">block " + block + "</th>");
    }
    page.append("</tr></thead>\n<tbody>\n");
    for (Explanation.Pair pair : explanation.runs()) {
      for (Routing routing : Routing.values()) {
        BatchResult result = pair.run(routing);
        RoutingCounts counts = result.counts();
        page.append(
            "<tr><td>%s</td><td>%s</td><td>%d</td><td>%s</td><td>%s</td>"
                .formatted(
                    result.settings().capacityRatio(),
                    Table.decimals(result.effectiveCapacityRatio(), 3),
                    result.slots(),
                    name(routing),
                    percent(Explanation.processedShare(counts))));
        for (int layer = 0; layer < counts.numLayers(); layer++) {
          page.append("<td>" + Explanation.skippedTokens(counts, layer) + "</td>");
        }
        page.append("</tr>\n");
      }
    }
    page.append("</tbody></table></div>\n");
  }

  private void article(Appendable page, Watched watched) throws IOException {
    SeenImage image = watched.image();
    page.append("<article>\n<header>");
    picture(page, image.pixels(), image.name() + " as the model sees it");
    page.append(
        "<div><h2>%s</h2><span class=\"faint\">%simage %d of the %d in the batch</span></div></header>\n"
            .formatted(
                escape(image.name()),
                image.label() == null ? "" : "labelled " + Markup.name(image.label()) + ", ",
                watched.place() + 1,
                explanation.batch().numImages()));
    for (Explanation.Pair pair : explanation.runs()) {
      page.append(
          "<section><h3>ratio %s, %s in effect</h3><div class=\"pair\">\n"
              .formatted(
                  pair.common().settings().capacityRatio(),
                  Table.decimals(pair.common().effectiveCapacityRatio(), 3)));
      for (Routing routing : Routing.values()) {
        run(page, watched, pair.run(routing));
      }
      page.append("</div></section>\n");
    }
    page.append("</article>\n");
  }

  private void run(Appendable page, Watched watched, BatchResult run) throws IOException {
    ScoredClass best = explanation.best(watched, run);
    Boolean right = Explanation.isRight(watched, best);
    page.append(
        "<div><b>%s</b>: %s %s%s, %s of its choices processed<div class=\"layers\">\n"
            .formatted(
                name(run.settings().routing()),
                Markup.name(best.label()),
                Table.decimals(best.score(), 3),
                right == null || right ? "" : " <b class=\"wrong\">wrong</b>",
                percent(run.counts().processedShare(watched.place()))));
    List<Integer> blocks = explanation.card().moeBlocks();
    PatchGrid grid = explanation.grid();
    for (int layer = 0; layer < blocks.size(); layer++) {
      byte[] kept = run.kept(watched.place(), layer);
      String count = SkippedPatches.count(grid, kept) + " of " + grid.patches();
      boolean classToken = SkippedPatches.withClassToken(grid, kept);
      page.append("<figure>");
      picture(
          page,
          SkippedPatches.dim(grid, watched.image().pixels(), kept),
          "block %d skips %s patches%s"
              .formatted(blocks.get(layer), count, classToken ? " and the class token" : ""));
      page.append(
          "<figcaption>block %d<br>%s%s</figcaption></figure>\n"
              .formatted(blocks.get(layer), count, classToken ? "<br>+ class token" : ""));
    }
    page.append("</div></div>\n");
  }

  private void picture(Appendable page, byte[] pixels, String text) throws IOException {
    int size = explanation.card().imageSize();
    page.append("<img alt=\"")
        .append(escape(text))
        .append("\" src=\"data:image/png;base64,")
        .append(Base64.getEncoder().encodeToString(encoder.encodeRgb(pixels, size, size)))
        .append("\">");
  }

  /** Returns at what size pictures are shown. */
  private String pictureCss() {
    int size = explanation.card().imageSize();
    int shown = size;
    if (size < SMALL) {
      shown = size * ((SMALL + size - 1) / size);
    } else if (size > LARGE) {
      shown = size / ((size + LARGE - 1) / LARGE);
    }
    return "img { width: %dpx; height: %dpx;%s }\n.layers figure { width: %dpx; }\n"
        .formatted(shown, shown, shown > size ? " image-rendering: pixelated;" : "", shown);
  }

  private static String css() throws IOException {
    try (InputStream css = ContactSheet.class.getResourceAsStream("sheet.css")) {
      if (css == null) {
        throw new IllegalStateException("no sheet.css beside " + ContactSheet.class);
      }
      return new String(css.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static String name(Routing routing) {
    return routing == Routing.BATCH_PRIORITY ? "BPR" : "vanilla";
  }

  private static String images(int count) {
    return count == 1 ? "1 image" : count + " images";
  }

  private static String percent(double share) {
    return Table.decimals(100 * share, 1) + " %";
  }
}
