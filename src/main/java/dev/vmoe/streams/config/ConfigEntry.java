package dev.vmoe.streams.config;

import dev.vmoe.core.inference.InferenceException;
import dev.vmoe.streams.output.ErrorText;
import dev.vmoe.streams.output.OneLine;
import dev.vmoe.streams.settings.LiveSettings;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One record of the configuration topic, understood or refused.
 *
 * @param offset the record's offset: the version of what it says; negative while it is not written
 * @param timestampMillis the record's time, in milliseconds since 1970
 * @param overrides what it sets, by setting; empty for a record without a value, and for one that
 *     cannot be read
 * @param author who wrote it, where it says so
 * @param note why, where it says so
 * @param settings what is in force with it; null if it is refused
 * @param refusal why it is refused; null if it is not
 */
public record ConfigEntry(
    long offset,
    long timestampMillis,
    Map<String, String> overrides,
    @Nullable String author,
    @Nullable String note,
    @Nullable LiveSettings settings,
    @Nullable String refusal) {

  private static final Logger log = LoggerFactory.getLogger(ConfigEntry.class);

  /** Copies the map. */
  public ConfigEntry {
    overrides = Map.copyOf(overrides);
  }

  /** Returns whether the record is in the topic; if not, it is about to be written. */
  public boolean isWritten() {
    return offset >= 0;
  }

  /** Returns whether the record is refused, as far as it was tried. */
  public boolean isRefused() {
    return refusal != null;
  }

  /** Returns the settings of a record that is not refused. */
  public LiveSettings requireSettings() {
    return Objects.requireNonNull(settings, "the record is refused");
  }

  /** Returns the record with its settings complete for their model. */
  ConfigEntry complete(LiveSettings complete) {
    return new ConfigEntry(offset, timestampMillis, overrides, author, note, complete, null);
  }

  /**
   * Returns the record refused for a reason on one line, whatever a runtime or a file system has to
   * say.
   */
  ConfigEntry refused(RuntimeException reason) {
    String text = ErrorText.of(reason);
    if (!(reason instanceof IllegalArgumentException || reason instanceof InferenceException)) {
      log.error("configuration {} could not be put in force", offset, reason);
      text = reason.toString();
    }
    return new ConfigEntry(
        offset, timestampMillis, overrides, author, note, null, OneLine.of(text));
  }
}
