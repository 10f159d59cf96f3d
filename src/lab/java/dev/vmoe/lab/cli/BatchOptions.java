package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.OptionCheck;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.lab.sweep.LabelledBatches;
import dev.vmoe.lab.sweep.LabelledImages;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.output.Progress;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of every command that takes labelled images batch by batch, in the set's order. */
final class BatchOptions {

  @Mixin private final LabelledOptions labelled = new LabelledOptions();

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "64",
      description = "Images a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Take the first N images (default: all).")
  private @Nullable Integer limit;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /** Checks the options before anything is started. */
  void check() {
    OptionCheck.positive(command, "--batch", batch, "--limit", limit);
  }

  /** Returns B, the images of a batch. */
  int batch() {
    return batch;
  }

  /**
   * Hands on the images.
   *
   * @param done the verb of the progress bar: evaluated, routed
   */
  void forEach(ModelCard card, String done, LabelledBatches.BatchReceiver receiver)
      throws IOException {
    Path path = labelled.path();
    LabelledBatches batches = new LabelledBatches(card, ModelOpener.decoder(card), batch);
    Progress progress = new Progress(command.commandLine().getErr());
    List<LabelledFile> set = LabelledImages.files(path);
    if (set.isEmpty()) {
      throw new IOException("no images in " + path);
    }
    int total = limit == null ? set.size() : Math.min(limit, set.size());
    try (Progress.Bar bar = progress.bar(done, total)) {
      batches.forEach(total, i -> LabelledImages.read(set.get(i)), receiver, bar::at);
    }
  }
}
