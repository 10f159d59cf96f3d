package dev.vmoe.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Finds the image files in the paths that a command was given. */
public final class ImageFiles {

  private ImageFiles() {}

  /**
   * Returns each given file, whatever its name, and the image files below each given folder, sorted
   * by name. Hidden files and folders are skipped.
   *
   * @throws IOException if a folder cannot be read
   */
  public static List<Path> find(List<Path> filesOrFolders) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path path : filesOrFolders) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> below = Files.walk(path)) {
          below
              .filter(file -> isVisibleBelow(path, file) && ImageFileName.promisesImage(file))
              .filter(Files::isRegularFile)
              .sorted()
              .forEach(found::add);
        }
      } else {
        found.add(path);
      }
    }
    return found;
  }

  private static boolean isVisibleBelow(Path folder, Path file) {
    for (Path part : folder.relativize(file)) {
      if (part.toString().startsWith(".")) {
        return false;
      }
    }
    return true;
  }
}
