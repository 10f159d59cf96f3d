package dev.vmoe.app.cli;

import dev.vmoe.streams.output.LogOutput;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.settings.SettingsLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of commands that use Kafka: where the settings come from. */
public final class ConnectionOptions {

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description = "Settings file; see src/docs/settings.md.")
  private @Nullable Path file;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT,…",
      description = "Kafka brokers; overrides the settings.")
  private @Nullable String bootstrapServers;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description = "Schema registry; overrides the settings.")
  private @Nullable String registry;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "A setting; overrides file and environment; may be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  /**
   * Loads the settings.
   *
   * @throws org.apache.kafka.common.config.ConfigException if they are wrong
   */
  public Settings settings() {
    return settings(Map.of());
  }

  /** Loads the settings, overridden by options of the command. */
  public Settings settings(Map<String, String> options) {
    Map<String, String> all = new HashMap<>(overrides);
    if (bootstrapServers != null) {
      all.put(Settings.BOOTSTRAP_SERVERS, bootstrapServers);
    }
    if (registry != null) {
      all.put(Settings.REGISTRY_URL, registry);
    }
    all.putAll(options);
    Settings settings = new SettingsLoader(System.getenv()).load(file, all);
    LogOutput.follow(settings);
    return settings;
  }
}
