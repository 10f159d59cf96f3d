package dev.vmoe.console;

import dev.vmoe.event.OneLine;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A change of the configuration that somebody asks for.
 *
 * @param version of the configuration that the change is made to; null for the settings file
 * @param settings new values by setting; an empty text gives it back to the settings file
 * @param author who asks
 * @param note why
 */
public record Change(
    @Nullable Long version,
    Map<String, String> settings,
    @Nullable String author,
    @Nullable String note) {

  private static final int LONGEST_AUTHOR = 100;
  private static final int LONGEST_NOTE = 500;

  /** Copies the settings; rejects texts that nobody would read. */
  @SuppressWarnings("ConstantConditions") // JSON may leave anything out
  public Change {
    if (settings == null || settings.isEmpty()) {
      throw new IllegalArgumentException("nothing to change: settings is empty");
    }
    settings.forEach(
        (key, value) -> {
          if (value == null) {
            throw new IllegalArgumentException(
                key + ": null; an empty text gives a setting back to the settings file");
          }
        });
    settings = new LinkedHashMap<>(settings);
    author = text("author", author, LONGEST_AUTHOR);
    note = text("note", note, LONGEST_NOTE);
  }

  private static @Nullable String text(String name, @Nullable String text, int most) {
    if (text == null || text.isBlank()) {
      return null;
    }
    if (text.length() > most) {
      throw new IllegalArgumentException(
          "%s of %d characters is longer than %d".formatted(name, text.length(), most));
    }
    String stripped = text.strip();
    if (!OneLine.is(stripped)) {
      throw new IllegalArgumentException(name + " has line breaks or control characters");
    }
    return stripped;
  }
}
