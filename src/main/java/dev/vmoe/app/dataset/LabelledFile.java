package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An image file and the class it shows, not read yet.
 *
 * @param name name within its set
 * @param file the file
 * @param label name of the class
 * @param split part of the set; empty where the set has no parts
 */
public record LabelledFile(String name, Path file, String label, String split) {

  /** Reads the file. */
  public LabelledImage read() throws IOException {
    return new LabelledImage(name, Files.readAllBytes(file), label, split);
  }
}
