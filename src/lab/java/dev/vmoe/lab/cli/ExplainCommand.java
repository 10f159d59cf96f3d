package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.ImageFiles;
import dev.vmoe.core.image.BadImageException;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.patches.ContactSheet;
import dev.vmoe.lab.patches.Explanation;
import dev.vmoe.lab.patches.SeenImage;
import dev.vmoe.lab.patches.SeenImages;
import dev.vmoe.lab.patches.WatchedBatch;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code vmoe lab explain}: which patches each MoE layer skips. */
@Command(
    name = "explain",
    description = {
      "Draw which patches of images each MoE layer skips at several capacity ratios, BPR beside"
          + " vanilla order: a page of HTML, and a table of the same numbers.",
      "All images are one micro-batch, whose tokens compete for slots. One image alone crowds a few"
          + " experts, as it would not among others, so the batch is filled up to --batch from"
          + " --batch-with. Without FILE-OR-FOLDER, images of that set are shown."
    })
final class ExplainCommand extends StudyCommand {

  /** Maximum number of images on one sheet. */
  private static final int MAX_SHOWN = 64;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final CsvOption csv = new CsvOption();

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE-OR-FOLDER",
      description = "Image files; of folders, the image files in and below them; maximum 64.")
  private List<Path> paths = List.of();

  @Option(
      names = "--capacity-ratio",
      split = ",",
      paramLabel = "R",
      defaultValue = "1.05,0.5,0.25,0.1",
      description = "Capacity ratios (default: ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      description = "Experts each token is sent to (default: the model's training).")
  private @Nullable Integer expertsPerToken;

  @Option(
      names = "--batch-with",
      paramLabel = "LABELLED",
      description =
          "Labelled images to fill the batch with, drawn at random: a folder with one sub-folder a"
              + " class, or a CSV of file,label or a folder with it as labels.csv (default: the"
              + " bundled test images for a bundled model, else none).")
  private @Nullable Path batchWith;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Fill the batch up to so many images; 1 adds none (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--sample",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "Images of the set to show where no file is named, maximum 64 (default:"
              + " ${DEFAULT-VALUE}).")
  private int sample;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the draw (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--out",
      paramLabel = "FILE.html",
      defaultValue = "target/patches.html",
      description = "The page (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private ExplainCommand() {}

  @Override
  public Integer call() throws Exception {
    positive("--batch", "--sample");
    requireHtml();
    List<Path> files = ImageFiles.find(paths);
    if (files.isEmpty() && !paths.isEmpty()) {
      throw new IOException("no image files in " + paths);
    }
    Path set =
        batchWith == null && model.bundled().isPresent() ? BundledImages.folder() : batchWith;
    if (files.isEmpty() && set == null) {
      throw usage("name image files, or a labelled set by --batch-with");
    }
    int shown = files.isEmpty() ? sample : files.size();
    if (shown > MAX_SHOWN) {
      throw usage(shown + " images are more than the " + MAX_SHOWN + " of one sheet: name fewer");
    }
    try (VmoeSession session = model.open()) {
      requireRunnable(session.card());
      return explain(session, files, set);
    }
  }

  private void requireHtml() {
    String name = String.valueOf(out.getFileName()).toLowerCase(Locale.ROOT);
    if (!name.endsWith(".html") && !name.endsWith(".htm")) {
      throw usage("--out " + out + ": the sheet is a page of HTML, name a file that ends in .html");
    }
  }

  private void requireRunnable(ModelCard card) {
    if (card.dense()) {
      throw usage(card.name() + " has no experts: it skips no patch");
    }
    valid(
        () -> {
          card.requireExpertsPerToken(k(card));
          ratios.forEach(ratio -> new RoutingSettings(ratio, k(card), Routing.BATCH_PRIORITY));
          return card;
        });
  }

  private int k(ModelCard card) {
    return expertsPerToken == null ? card.expertsPerToken() : expertsPerToken;
  }

  private int explain(VmoeSession session, List<Path> files, @Nullable Path set)
      throws IOException {
    ModelCard card = session.card();
    SeenImages source =
        new SeenImages(
            card, ModelOpener.decoder(card), ModelOpener.limits(new Settings(Map.of())).maxBytes());
    List<SeenImage> shown = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Path file : files) {
      try {
        shown.add(source.read(file));
      } catch (BadImageException e) {
        problems.add(file + ": " + e.getMessage());
      }
    }
    problems.forEach(problem -> spec.commandLine().getErr().println("vmoe: " + problem));
    if (shown.isEmpty() && !files.isEmpty()) {
      return VmoeCommand.FAILED;
    }
    List<SeenImage> company = new ArrayList<>();
    if (set != null) {
      int own = files.isEmpty() ? sample : 0;
      company.addAll(source.draw(set, Math.max(own, batch - shown.size()), seed));
      List<SeenImage> drawn = company.subList(0, Math.min(own, company.size()));
      shown.addAll(drawn);
      drawn.clear();
    }
    write(Explanation.of(session, WatchedBatch.of(shown, company), ratios, k(card)), problems);
    return problems.isEmpty() ? 0 : VmoeCommand.FAILED;
  }

  private void write(Explanation explanation, List<String> problems) throws IOException {
    String company =
        "drawn from "
            + (batchWith == null ? "the bundled test images" : batchWith)
            + " with seed "
            + seed;
    try (Writer page = OutputFiles.open(out)) {
      new ContactSheet(explanation, company, problems).writeTo(page);
    }
    Table table = explanation.table();
    csv.write(table);
    WatchedBatch images = explanation.batch();
    if (images.numImages() < batch) {
      spec.commandLine()
          .getErr()
          .printf(
              "vmoe: a batch of %d crowds a few experts: --batch-with LABELLED fills it up to %d%n",
              images.numImages(), batch);
    }
    PrintWriter text = out();
    text.printf(
        "%s, one batch of %d images, %d shown%n",
        explanation.card().name(), images.numImages(), images.watched().size());
    text.print(table.toText());
    text.printf("%s: %d kB%n", out, Files.size(out) / 1000);
    text.flush();
  }
}
