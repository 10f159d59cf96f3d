package dev.vmoe.console;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The configuration in force.
 *
 * @param version offset of its record; null where the settings file alone is in force
 * @param record who wrote the last valid record, and why; null if there is none
 * @param settings all that can be changed while the instance runs, in the order to show
 * @param refusal the record that was refused last since the start; null if none was
 */
public record Configuration(
    @Nullable Long version,
    @Nullable Signature record,
    List<Setting> settings,
    @Nullable Refusal refusal) {

  /** Copies the list. */
  public Configuration {
    settings = List.copyOf(settings);
  }

  /**
   * Who wrote a record.
   *
   * @param offset the record's offset
   * @param timeMs when, in milliseconds since 1970
   * @param author by whom, where it says so
   * @param note why, where it says so
   */
  public record Signature(
      long offset, long timeMs, @Nullable String author, @Nullable String note) {}

  /**
   * A record that was refused.
   *
   * @param offset the record's offset
   * @param reason what is wrong with it
   */
  public record Refusal(long offset, String reason) {}

  /**
   * A setting.
   *
   * @param key its name
   * @param value its value
   * @param fromRecord whether the record sets it, rather than the settings file
   * @param choices all values that it may have, where they can be counted; empty otherwise
   * @param help what it means
   */
  public record Setting(
      String key, String value, boolean fromRecord, List<String> choices, String help) {}
}
