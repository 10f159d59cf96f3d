package dev.vmoe.lab.cli;

import dev.vmoe.modelstore.BundledModels;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of every command that measures on labelled images. */
final class LabelledOptions {

  @Option(
      names = "--images",
      paramLabel = "LABELLED",
      description = "Labelled images (default: the bundled Fashion-MNIST test images).")
  private @Nullable Path images;

  /** Returns the set. */
  Path path() throws IOException {
    return images == null ? BundledModels.testImages() : images;
  }

  /** Returns the name of the file or folder that was named; empty if none was. */
  String name() {
    return images == null ? "" : String.valueOf(images.getFileName());
  }

  /** Returns whether the set is, or is part of, the bundled test images. */
  boolean isTestSet() throws IOException {
    return images == null
        || images.toRealPath().startsWith(BundledModels.testImages().toRealPath());
  }
}
