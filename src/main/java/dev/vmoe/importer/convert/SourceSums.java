package dev.vmoe.importer.convert;

import dev.vmoe.streams.models.FileSums;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;

/** Checks what a model is made of against {@code SHA256SUMS} beside it. */
public final class SourceSums {

  /** Name of the quality profile beside a checkpoint. */
  public static final String PROFILE = "profile.json";

  private SourceSums() {}

  /**
   * Checks a checkpoint, its description and its quality profile.
   *
   * @param source its file, or the path that the names of its files begin with
   * @throws IOException if a listed file is missing or does not match; names it
   */
  public static void check(Path source) throws IOException {
    Path file = source.toAbsolutePath();
    String own = String.valueOf(file.getFileName());
    FileSums.check(
        Objects.requireNonNull(file.getParent()),
        name ->
            (name.startsWith(own + ".") && !name.contains("/"))
                || name.equals(own)
                || name.equals(DescriptionFile.NAME)
                || name.equals(PROFILE));
  }
}
