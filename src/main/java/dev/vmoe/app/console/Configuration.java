package dev.vmoe.app.console;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The configuration in force.
 *
 * @param version offset of its record; null if only the settings file is in force
 * @param record author and note of the last valid record; null if there is none
 * @param settings all settings that can be changed while the instance runs, in display order
 * @param refusal the last record refused since the start; null if there is none
 */
public record Configuration(
    @Nullable Long version,
    @Nullable RecordSignature record,
    List<ShownSetting> settings,
    @Nullable RefusedRecord refusal) {

  /** Copies the list. */
  public Configuration {
    settings = List.copyOf(settings);
  }

  /**
   * Author, time and note of a record.
   *
   * @param offset the record's offset
   * @param timeMs its time, in milliseconds since 1970
   * @param author its author; null if not stated
   * @param note its reason; null if not stated
   */
  public record RecordSignature(
      long offset, long timeMs, @Nullable String author, @Nullable String note) {}

  /**
   * A refused record.
   *
   * @param offset the record's offset
   * @param reason why it was refused
   */
  public record RefusedRecord(long offset, String reason) {}

  /**
   * A setting as it is shown.
   *
   * @param key its name
   * @param value its value
   * @param fromRecord whether the record sets it, rather than the settings file
   * @param choices all allowed values, if they are a short list; otherwise empty
   * @param help its meaning
   */
  public record ShownSetting(
      String key, String value, boolean fromRecord, List<String> choices, String help) {}
}
