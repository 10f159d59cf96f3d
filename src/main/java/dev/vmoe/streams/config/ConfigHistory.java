package dev.vmoe.streams.config;

import dev.vmoe.streams.settings.LiveSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The records of the configuration topic. The last one that is not refused is in force; if there is
 * none, the settings file is. Instances, commands and checks all find it here.
 *
 * @param entries all records, oldest first
 */
public record ConfigHistory(List<ConfigEntry> entries) {

  /** Copies the list. */
  public ConfigHistory {
    entries = List.copyOf(entries);
  }

  /**
   * Tries the record that is in force; if it is refused, the one before it, and so on. Older
   * records are not tried.
   *
   * @param check returns the settings that are in force with a record, complete for their model, as
   *     an instance does; throws where an instance refuses it
   * @return this history, with what was found out
   */
  public ConfigHistory tried(Function<ConfigEntry, LiveSettings> check) {
    List<ConfigEntry> tried = new ArrayList<>(entries);
    for (int i = tried.size() - 1; i >= 0; i--) {
      ConfigEntry entry = tried.get(i);
      if (entry.isRefused()) {
        continue;
      }
      try {
        tried.set(i, entry.complete(check.apply(entry)));
        break;
      } catch (RuntimeException e) {
        tried.set(i, entry.refused(e));
      }
    }
    return new ConfigHistory(tried);
  }

  /** Returns the record in force; empty if the settings file is. */
  public Optional<ConfigEntry> inForce() {
    return Optional.ofNullable(last(false));
  }

  /** Returns the last record that is refused, older or newer than the one in force. */
  public Optional<ConfigEntry> lastRefused() {
    return Optional.ofNullable(last(true));
  }

  private @Nullable ConfigEntry last(boolean refused) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (entries.get(i).isRefused() == refused) {
        return entries.get(i);
      }
    }
    return null;
  }

  /** Returns the last record, if there is one. */
  public Optional<ConfigEntry> newest() {
    return entries.isEmpty() ? Optional.empty() : Optional.of(entries.get(entries.size() - 1));
  }

  /** Returns the last record if it is refused, so that an older one is in force, or none. */
  public Optional<ConfigEntry> newestRefused() {
    return newest().filter(ConfigEntry::isRefused);
  }
}
