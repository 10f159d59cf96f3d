package dev.vmoe.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/** Finds the images that a command was pointed at. */
final class ImageFiles {

  private static final Set<String> ENDINGS =
      Set.of(
          "jpg", "jpeg", "jpe", "png", "webp", "bmp", "dib", "gif", "tif", "tiff", "jp2", "pgm",
          "ppm", "pbm", "pnm");

  private ImageFiles() {}

  /**
   * Returns each named file as it is, whatever its name, and of each folder the files below it that
   * end like an image, in the order of their names. Hidden files and folders are passed over.
   *
   * @throws IOException if a folder cannot be read
   */
  static List<Path> find(List<Path> filesOrFolders) throws IOException {
    List<Path> found = new ArrayList<>();
    for (Path path : filesOrFolders) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> below = Files.walk(path)) {
          below
              .filter(file -> isVisibleBelow(path, file) && endsLikeAnImage(file))
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

  private static boolean endsLikeAnImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot >= 0 && ENDINGS.contains(name.substring(dot + 1));
  }
}
