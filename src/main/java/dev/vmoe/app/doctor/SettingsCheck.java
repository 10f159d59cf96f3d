package dev.vmoe.app.doctor;

import dev.vmoe.streams.settings.Settings;
import java.util.Map;

/** Checks the loaded settings for names that no client knows. */
final class SettingsCheck {

  private final Settings settings;

  SettingsCheck(Settings settings) {
    this.settings = settings;
  }

  void into(Findings findings) {
    Map<String, String> unknown = settings.unknownToClients();
    unknown.forEach(
        (key, suggestion) ->
            findings.warning(
                "settings",
                key + ": no client of Kafka has a setting of this name" + suggestion,
                "correct or remove it, unless one of your plug-ins reads it"));
    if (unknown.isEmpty()) {
      findings.ok("settings", settings.originals().size() + " given, all of them known");
    }
  }
}
