package dev.vmoe.app.dataset;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Finds the image files in the paths that a command was given. They are recognized by the ending of
 * their names; their content may still be another.
 */
public final class ImageFiles {

  /** Endings of decodable formats, in lower case, without the dot. */
  public static final List<String> ENDINGS =
      List.of("bmp", "dib", "gif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp");

  private ImageFiles() {}

  /** Returns whether a file's name has one of the {@link #ENDINGS}. */
  public static boolean promisesImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot >= 0 && ENDINGS.contains(name.substring(dot + 1));
  }

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
              .filter(file -> isVisibleBelow(path, file) && promisesImage(file))
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
