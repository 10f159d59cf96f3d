package dev.vmoe.app.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.streams.config.ConfigEntry;
import dev.vmoe.streams.config.ConfigHistory;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import dev.vmoe.streams.settings.LiveSettings;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The records of the configuration topic as people and scripts read them. */
public final class ConfigView {

  private static final String FILE = "settings file";

  private final LiveSettings file;
  private final ConfigHistory history;

  /**
   * Creates a view.
   *
   * @param file what is in force without any record
   * @param history all records, tried
   */
  ConfigView(LiveSettings file, ConfigHistory history) {
    this.file = file;
    this.history = history;
  }

  /** Returns the settings in force as a table, and what is worth knowing beside. */
  String inForceText() {
    ConfigEntry entry = history.inForce().orElse(null);
    Set<String> overridden = entry == null ? Set.of() : entry.overrides().keySet();
    Table table = new Table("setting", "value", "from");
    settings(entry)
        .asSettings()
        .forEach(
            (key, value) ->
                table.add(
                    key, value, overridden.contains(key) ? "configuration " + of(entry) : FILE));
    StringBuilder text = new StringBuilder(table.toText());
    if (entry != null) {
      text.append(signed(entry)).append(System.lineSeparator());
    }
    ConfigEntry refused = history.lastRefused().orElse(null);
    if (refused != null) {
      text.append("last refused: ")
          .append(refused.offset())
          .append(", written ")
          .append(time(refused))
          .append(": ")
          .append(refused.refusal())
          .append(System.lineSeparator());
    }
    return text.toString();
  }

  private static String of(@Nullable ConfigEntry entry) {
    return entry == null ? "" : Long.toString(entry.offset());
  }

  private static String signed(ConfigEntry entry) {
    return (entry.overrides().isEmpty() ? "reset " : "configuration ")
        + entry.offset()
        + ", written "
        + time(entry)
        + (entry.author() == null ? "" : " by " + entry.author())
        + (entry.note() == null ? "" : ": " + entry.note());
  }

  private LiveSettings settings(@Nullable ConfigEntry entry) {
    return entry == null ? file : entry.requireSettings();
  }

  private static String time(ConfigEntry entry) {
    return Instant.ofEpochMilli(entry.timestampMillis()).toString();
  }

  JsonNode inForceJson() {
    ConfigEntry entry = history.inForce().orElse(null);
    ObjectNode json = Json.object();
    json.put("version", settings(entry).version());
    if (entry != null) {
      json.set("record", signature(entry));
    }
    ObjectNode values = json.putObject("settings");
    settings(entry)
        .asSettings()
        .forEach(
            (key, value) ->
                values
                    .putObject(key)
                    .put("value", value)
                    .put(
                        "from",
                        entry != null && entry.overrides().containsKey(key)
                            ? "configuration"
                            : FILE));
    ConfigEntry refused = history.lastRefused().orElse(null);
    if (refused != null) {
      json.set("last_refused", signature(refused).put("reason", refused.refusal()));
    }
    return json;
  }

  private static ObjectNode signature(ConfigEntry entry) {
    return Json.object()
        .put("offset", entry.offset())
        .put("time", time(entry))
        .put("author", entry.author())
        .put("note", entry.note());
  }

  String historyText(int last) {
    Table table = new Table("offset", "time", "author", "note", "what");
    for (RecordedChange change : changes(last)) {
      ConfigEntry entry = change.entry();
      table.add(
          entry.offset(),
          time(entry),
          entry.author(),
          entry.note(),
          entry.refusal() == null
              ? String.join(", ", change.texts())
              : "refused: " + entry.refusal());
    }
    return table.toText();
  }

  List<JsonNode> historyJson(int last) {
    List<JsonNode> lines = new ArrayList<>();
    for (RecordedChange change : changes(last)) {
      ObjectNode line = signature(change.entry()).put("refused", change.entry().refusal());
      line.set("settings", Json.tree(change.entry().overrides()));
      line.set("changes", Json.tree(change.texts()));
      lines.add(line);
    }
    return lines;
  }

  private record RecordedChange(ConfigEntry entry, List<String> texts) {}

  private List<RecordedChange> changes(int last) {
    List<RecordedChange> changes = new ArrayList<>();
    LiveSettings before = file;
    for (ConfigEntry entry : history.entries()) {
      LiveSettings after = entry.settings();
      changes.add(
          new RecordedChange(entry, after == null ? List.of() : after.differencesFrom(before)));
      before = after == null ? before : after;
    }
    return changes.subList(Math.max(0, changes.size() - last), changes.size());
  }
}
