package dev.vmoe.dataset;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** Recognizes image files by the ending of their names; their content may still be another. */
public final class ImageFileName {

  /** Endings of decodable formats, in lower case, without the dot. */
  public static final List<String> ENDINGS =
      List.of("bmp", "dib", "gif", "jpe", "jpeg", "jpg", "png", "tif", "tiff", "webp");

  private ImageFileName() {}

  /** Returns whether a file's name has one of the {@link #ENDINGS}. */
  public static boolean promisesImage(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    int dot = name.lastIndexOf('.');
    return dot >= 0 && ENDINGS.contains(name.substring(dot + 1));
  }
}
