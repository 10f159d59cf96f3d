package dev.vmoe.streams.settings;

import java.util.regex.Pattern;

/**
 * The allowed form of a model's name, which is that of its folder in {@code models.dir}. A name can
 * neither lead out of that folder nor be that of an ONNX file.
 */
public final class ModelName {

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");
  private static final int MAX_LENGTH = 100;
  private static final String FILE_ENDING = ".onnx";

  private ModelName() {}

  /** Returns whether a text has the form of a name; a setting with any other text is a path. */
  public static boolean isName(String text) {
    return text.length() <= MAX_LENGTH
        && FORM.matcher(text).matches()
        && !text.endsWith(FILE_ENDING);
  }

  /**
   * Checks that a text has the form of a name.
   *
   * @throws IllegalArgumentException if it has not
   */
  public static void require(String text) {
    if (!isName(text)) {
      throw new IllegalArgumentException(
          ("%s: '%s' is no model's name. A name has at most %d letters, digits, '-', '_' and single"
                  + " dots between them, and does not end in %s")
              .formatted(Settings.MODEL, text, MAX_LENGTH, FILE_ENDING));
    }
  }
}
