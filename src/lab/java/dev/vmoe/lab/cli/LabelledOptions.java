package dev.vmoe.lab.cli;

import dev.vmoe.app.dataset.BundledImages;
import dev.vmoe.app.dataset.LabelledFile;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.lab.sweep.LabelledImages;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of every command that measures on labelled images. */
final class LabelledOptions {

  @Option(
      names = "--images",
      paramLabel = "LABELLED",
      description = "Labelled images (default: the bundled test images).")
  private @Nullable Path images;

  /** Returns the set. */
  Path path() throws IOException {
    return images == null ? BundledImages.folder() : images;
  }

  /**
   * Returns the first images of the set.
   *
   * @param max maximum number of images; null for all
   * @throws IOException if there is none
   */
  List<LabelledImage> read(@Nullable Integer max) throws IOException {
    List<LabelledFile> files = LabelledImages.files(path());
    if (files.isEmpty()) {
      throw new IOException("no images in " + path());
    }
    List<LabelledImage> all = new ArrayList<>();
    for (LabelledFile file : max == null ? files : files.subList(0, Math.min(max, files.size()))) {
      all.add(LabelledImages.read(file));
    }
    return all;
  }

  /** Returns the name of the file or folder that was named; empty if none was. */
  String name() {
    return images == null ? "" : String.valueOf(images.getFileName());
  }

  /** Returns whether the set is, or is part of, the bundled test images. */
  boolean isTestSet() throws IOException {
    return images == null || images.toRealPath().startsWith(BundledImages.folder().toRealPath());
  }
}
