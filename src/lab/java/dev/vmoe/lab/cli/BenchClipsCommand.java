package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.core.image.PngEncoder;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.lab.bench.ClipStudy;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench clips}: what the label of a clip is worth over that of its frames. */
@Command(
    name = "clips",
    description = {
      "How much more accurate the summed scores of a moving image's frames are than single frames."
          + " Each labelled image becomes a clip: it drifts, grows or shrinks, flickers and has"
          + " noise. Frames are summed as with clips.window.ms, one window a clip.",
      "Columns: accuracy on the images themselves, on single frames, and of clips; clips less"
          + " frames, paired by image, with a 95 %% interval (bootstrap)."
    })
final class BenchClipsCommand extends Benchmark {

  /** Clips of which frames are written. */
  private static final int SHOWN = 20;

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();

  @Option(
      names = "--frames",
      paramLabel = "N",
      defaultValue = "8",
      description = "Frames of a clip, at least 2 (default: ${DEFAULT-VALUE}).")
  private int frames;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "5",
      description = "Classes of a prediction, as predictions.top (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--noise",
      paramLabel = "D",
      defaultValue = "40",
      description = "Deviation of a frame's pixels, of 255 (default: ${DEFAULT-VALUE}).")
  private double noise;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of the movements and the bootstrap (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--pictures",
      paramLabel = "FOLDER",
      description =
          "Also write the frames of the first " + SHOWN + " clips, each clip into a folder.")
  private @Nullable Path folder;

  private BenchClipsCommand() {}

  @Override
  void check() {
    batches.check();
    positive("--top");
    if (frames < 2 || !(noise >= 0 && noise <= 255)) {
      throw usage("--frames " + frames + " is below 2, or --noise " + noise + " outside 0 to 255");
    }
  }

  @Override
  BenchmarkResult measure() throws Exception {
    try (BatchClassifier classifier = model.open()) {
      ModelCard card = classifier.card();
      ClipStudy study =
          new ClipStudy(
              classifier,
              new ClipStudy.ClipDesign(frames, top, noise, seed),
              (image, frame, pixels) -> write(image, frame, pixels, card.imageSize()));
      batches.forEach(card, "filmed", study::add);
      return result(study.rows(), card);
    }
  }

  private void write(int image, int frame, byte[] pixels, int side) {
    if (folder == null || image >= SHOWN) {
      return;
    }
    try {
      Path clip = Files.createDirectories(folder.resolve("camera-%02d".formatted(image)));
      Files.write(
          clip.resolve("%03d.png".formatted(frame)),
          new PngEncoder().encodeRgb(pixels, side, side));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private BenchmarkResult result(List<ClipStudy.ClipRow> rows, ModelCard card) {
    Table table =
        new Columns<ClipStudy.ClipRow>()
            .add("split", ClipStudy.ClipRow::split)
            .add("images", ClipStudy.ClipRow::images)
            .add("plain", 4, ClipStudy.ClipRow::plain)
            .add("frame", 4, ClipStudy.ClipRow::frame)
            .add("clip", 4, ClipStudy.ClipRow::clip)
            .add("difference", 4, ClipStudy.ClipRow::difference)
            .add("low_95", 4, ClipStudy.ClipRow::low)
            .add("high_95", 4, ClipStudy.ClipRow::high)
            .table(rows);
    String text =
        String.format(
            Locale.ROOT,
            "%s, clips of %d frames, noise %s, %d classes a prediction, seed %d%n",
            card.name(),
            frames,
            noise,
            top,
            seed);
    ObjectNode result = Json.object();
    result
        .put("model", card.name())
        .put("weights_hash", card.weightsHash())
        .put("frames", frames)
        .put("noise", noise)
        .put("top", top)
        .put("batch", batches.batch())
        .put("seed", seed);
    result.set("rows", Json.tree(rows));
    return new BenchmarkResult(text + table.toText(), table, result);
  }
}
