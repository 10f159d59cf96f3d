package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The labelled test images that come with the project, in a checkout or an installation. */
public final class BundledImages {

  private BundledImages() {}

  /** Returns their folder. */
  public static Path folder() throws IOException {
    Path home = Path.of(System.getProperty("vmoe.home", "."));
    Path installed = home.resolve("models/characters-test");
    Path source = home.resolve("src/models/characters/test");
    if (Files.isDirectory(installed)) {
      return installed;
    }
    if (!Files.isDirectory(source)) {
      throw new IOException(
          "the bundled images are not at "
              + source.toAbsolutePath()
              + ": start vmoe by ops/vmoe of a checkout, or name images");
    }
    return source;
  }

  /** Returns one of them, as a file of its own. */
  public static Path example() throws IOException {
    return folder().resolve("held-out/0009.jpg");
  }

  /** Returns them all. */
  public static List<LabelledImage> all() throws IOException {
    List<LabelledImage> all = new ArrayList<>();
    for (LabelledFile file : LabelsCsv.read(folder().resolve(LabelsCsv.NAME))) {
      all.add(file.read());
    }
    return all;
  }
}
