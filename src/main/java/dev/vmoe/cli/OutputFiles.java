package dev.vmoe.cli;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files that a command was asked to write its result to. */
final class OutputFiles {

  private OutputFiles() {}

  /** Writes a text; makes the folders that are missing. */
  static void write(Path file, String text) throws IOException {
    try (Writer writer = open(file)) {
      writer.write(text);
    }
  }

  /** Opens a file for text; makes the folders that are missing. */
  static Writer open(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    return Files.newBufferedWriter(file);
  }
}
