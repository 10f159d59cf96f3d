package dev.vmoe.streams.output;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes the files that a command was asked for. */
public final class OutputFiles {

  private OutputFiles() {}

  /** Writes a text; makes the folders that are missing. */
  public static void write(Path file, String text) throws IOException {
    makeFolder(file);
    Files.writeString(file, text);
  }

  /** Opens a file for text; makes the folders that are missing. */
  public static Writer open(Path file) throws IOException {
    makeFolder(file);
    return Files.newBufferedWriter(file);
  }

  private static void makeFolder(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
  }
}
