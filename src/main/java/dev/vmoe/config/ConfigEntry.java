package dev.vmoe.config;

import dev.vmoe.settings.LiveSettings;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One record of the configuration topic, understood or refused.
 *
 * @param offset the record's offset: the version of what it says
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

  /** Copies the map. */
  public ConfigEntry {
    overrides = Map.copyOf(overrides);
  }

  /** Returns the record as one that is refused. */
  public ConfigEntry refused(String reason) {
    return new ConfigEntry(offset, timestampMillis, overrides, author, note, null, reason);
  }
}
