package dev.vmoe.streams.settings;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The allowed form of a model's name, which is that of its folder in {@code models.dir}. A name can
 * neither lead out of that folder nor be that of an ONNX file. The value of {@code models.ladder}
 * is several names, separated by commas, or {@code none}.
 */
public final class ModelName {

  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*");
  private static final int MAX_LENGTH = 100;
  private static final String FILE_ENDING = ".onnx";

  /** Says that there is no other model; no model of a ladder can have this name. */
  static final String NONE = "none";

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

  /** Returns a check for the value of {@code models.ladder}. */
  static ValueCheck ladderCheck() {
    return new ValueCheck(
        "none, or names of models, each once, separated by commas",
        value -> {
          List<String> names = ladder((String) value);
          return names.stream().allMatch(name -> isName(name) && !name.equals(NONE))
              && names.stream().distinct().count() == names.size();
        });
  }

  /** Returns the names in a value of {@code models.ladder}. */
  static List<String> ladder(String value) {
    String names = value.strip();
    return names.equals(NONE) ? List.of() : List.of(names.split("\\s*,\\s*", -1));
  }

  /** Returns the value of {@code models.ladder} that has these names. */
  static String ladderText(List<String> names) {
    return names.isEmpty() ? NONE : String.join(", ", names);
  }
}
