package dev.vmoe.streams.settings;

import java.util.Arrays;
import java.util.List;

/** The value of {@code models.ladder}: names of models, separated by commas, or {@code none}. */
final class ModelLadder {

  /** Says that there is no other model; no model of a ladder can have this name. */
  static final String NONE = "none";

  private ModelLadder() {}

  /** Returns a check for such a value. */
  static ValueCheck check() {
    return new ValueCheck(
        "none, or names of models, each once, separated by commas",
        value -> {
          List<String> names = names((String) value);
          return names.stream().allMatch(name -> ModelName.isName(name) && !name.equals(NONE))
              && names.stream().distinct().count() == names.size();
        });
  }

  /** Returns the names in a value. */
  static List<String> names(String value) {
    String names = value.strip();
    return names.equals(NONE) ? List.of() : Arrays.asList(names.split("\\s*,\\s*", -1));
  }

  /** Returns the value that has these names. */
  static String text(List<String> names) {
    return names.isEmpty() ? NONE : String.join(", ", names);
  }
}
