package dev.vmoe.importer.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What lies in place of a model's file after a download that went wrong. */
public final class Placeholder {

  private static final int FIRST_BYTES = 200;
  private static final String BYTE_ORDER_MARK = "\ufeff";

  private Placeholder() {}

  /**
   * Returns what a path leads to instead of a model; empty where it may be one.
   *
   * @throws IOException if the file cannot be read
   */
  public static Optional<String> at(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return Optional.of("is a folder: give the file in it");
    }
    if (!Files.isRegularFile(path)) {
      return Optional.empty(); // a pipe gives its bytes once
    }
    byte[] first;
    try (InputStream in = Files.newInputStream(path)) {
      first = in.readNBytes(FIRST_BYTES);
    }
    String text =
        new String(first, StandardCharsets.UTF_8)
            .replace(BYTE_ORDER_MARK, "")
            .strip()
            .toLowerCase(Locale.ROOT);
    if (text.startsWith("version https://git-lfs.github.com/")) {
      return Optional.of("is a Git LFS pointer, not the file itself: run `git lfs pull`");
    }
    if (text.startsWith("<!doctype html") || text.startsWith("<html")) {
      return Optional.of("is a web page, not a model: download the file itself");
    }
    return Optional.empty();
  }
}
