package dev.vmoe.app.console;

import dev.vmoe.streams.output.OneLine;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A requested change of the configuration.
 *
 * @param version of the configuration that is changed; null for the settings file
 * @param settings new values by setting; an empty text returns a setting to the settings file
 * @param author of the change
 * @param note reason for the change
 */
public record ConfigurationChange(
    @Nullable Long version,
    Map<String, String> settings,
    @Nullable String author,
    @Nullable String note) {

  private static final int MAX_AUTHOR = 100;
  private static final int MAX_NOTE = 500;

  /** Copies the settings; rejects texts that are too long or have control characters. */
  @SuppressWarnings("ConstantConditions") // JSON may leave anything out
  public ConfigurationChange {
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
    author = text("author", author, MAX_AUTHOR);
    note = text("note", note, MAX_NOTE);
  }

  private static @Nullable String text(String name, @Nullable String text, int maxLength) {
    if (text == null || text.isBlank()) {
      return null;
    }
    if (text.length() > maxLength) {
      throw new IllegalArgumentException(
          "%s of %d characters is longer than %d".formatted(name, text.length(), maxLength));
    }
    String stripped = text.strip();
    if (!OneLine.is(stripped)) {
      throw new IllegalArgumentException(name + " has line breaks or control characters");
    }
    return stripped;
  }
}
