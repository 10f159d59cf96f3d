package dev.vmoe.streams.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
   * Reads a log on to where its committed part ends now.
   *
   * @param limit how long that may take
   * @param reader understands the records, or refuses them
   * @throws dev.vmoe.streams.topics.PipelineException if the log cannot be read to its end in time
   * @throws dev.vmoe.event.RegistryUnavailableException if the registry does not answer in time
   */
  public static ConfigHistory read(ConfigLog log, Duration limit, ConfigReader reader) {
    List<ConfigEntry> entries = new ArrayList<>();
    log.readToEnd(limit, record -> entries.add(reader.read(record)));
    return new ConfigHistory(entries);
  }

  /**
   * Tries the record that is in force; if it is refused, the one before it, and so on. Older
   * records are not tried.
   *
   * @return this history, with what was found out
   */
  public ConfigHistory tried(ConfigCheck check) {
    List<ConfigEntry> tried = new ArrayList<>(entries);
    for (int i = tried.size() - 1; i >= 0; i--) {
      ConfigEntry entry = tried.get(i);
      if (entry.isRefused()) {
        continue;
      }
      try {
        tried.set(i, entry.complete(check.inForce(entry)));
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
