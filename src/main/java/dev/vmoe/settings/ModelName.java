package dev.vmoe.settings;

import java.util.regex.Pattern;

/**
 * The form of a model's name: that of its folder in {@code models.dir}. No name is a path that
 * leads anywhere else, and none is that of an ONNX file.
 */
public final class ModelName {

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");
  private static final int LONGEST = 100;
  private static final String FILE_ENDING = ".onnx";

  private ModelName() {}

  /** Returns whether a text has the form of a name; if not, a setting means it as a path. */
  public static boolean isName(String text) {
    return text.length() <= LONGEST && FORM.matcher(text).matches() && !text.endsWith(FILE_ENDING);
  }

  /**
   * Checks that a text has the form of a name.
   *
   * @throws IllegalArgumentException if it has not
   */
  public static void require(String text) {
    if (!isName(text)) {
      throw new IllegalArgumentException(
          "%s: '%s' is no model's name: letters, digits, '-', '_' and single dots between, at most %d, not ending in %s"
              .formatted(Settings.MODEL, text, LONGEST, FILE_ENDING));
    }
  }
}
