package dev.vmoe.streams.settings;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * Loads settings: the environment overrides the file, the command line overrides both.
 *
 * <p>The name of a variable is {@code VMOE_} and the setting's in capitals, with {@code .} as
 * {@code _}, {@code _} as {@code __} and {@code -} as {@code ___}.
 */
public final class SettingsLoader {

  /** Variables that are no settings; the launcher and the command line read them. */
  private static final Set<String> OTHER_VARIABLES =
      Set.of("VMOE_HEAP", "VMOE_DIRECT_MEMORY", "VMOE_JAVA_OPTS", "VMOE_HOME", "VMOE_DEBUG");

  /** The settings that the log needs before the settings file is read. */
  public static final List<String> OF_THE_LOG =
      List.of(Settings.LOG_FORMAT, Settings.LOG_LEVEL, Settings.KAFKA_LOG_LEVEL);

  /** Kubernetes sets these in every pod for a service whose name starts with "vmoe". */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "VMOE_(\\w+_)?(SERVICE_HOST|SERVICE_PORT(_\\w+)?|PORT(_\\d+_(TCP|UDP|SCTP)(_\\w+)?)?)");

  private final Map<String, String> environment;

  /** Creates a loader that reads these environment variables. */
  public SettingsLoader(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /**
   * Loads and validates.
   *
   * @param file a properties file in UTF-8, or null for none
   * @param overrides settings of the command line
   * @throws ConfigException if the file cannot be read, or a setting is wrong or unknown; the
   *     message names each with its origin
   */
  public Settings load(@Nullable Path file, Map<String, String> overrides) {
    Map<String, GivenValue> entries = new TreeMap<>();
    if (file != null) {
      read(file).forEach((key, value) -> entries.put(key, new GivenValue(value, file.toString())));
    }
    new TreeMap<>(environment)
        .forEach(
            (variable, value) -> {
              if (isSetting(variable)) {
                entries.put(keyOf(variable), new GivenValue(value, "variable " + variable));
              }
            });
    overrides.forEach((key, value) -> entries.put(key, new GivenValue(value, "command line")));

    Map<String, String> properties = new TreeMap<>();
    entries.forEach((key, entry) -> properties.put(key, entry.value()));
    List<Problem> problems = Problem.in(properties);
    if (!problems.isEmpty()) {
      throw new ConfigException(
          problems.stream()
              .map(
                  problem ->
                      origin(entries, problem) + ": " + problem.key() + ": " + problem.message())
              .collect(Collectors.joining("; ")));
    }
    return new Settings(properties);
  }

  private record GivenValue(String value, String origin) {}

  private static String origin(Map<String, GivenValue> entries, Problem problem) {
    GivenValue entry = entries.get(problem.key());
    return entry == null ? "default" : entry.origin();
  }

  private static Map<String, String> read(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (NoSuchFileException e) {
      throw new ConfigException("settings file " + file + " does not exist");
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException("settings file " + file + " cannot be read: " + e.getMessage());
    }
    return properties.stringPropertyNames().stream()
        .collect(Collectors.toMap(key -> key, key -> properties.getProperty(key).strip()));
  }

  private static boolean isSetting(String variable) {
    return variable.startsWith(Settings.ENVIRONMENT_PREFIX)
        && !OTHER_VARIABLES.contains(variable)
        && !SERVICE_LINK.matcher(variable).matches();
  }

  /** Returns the setting of a variable: {@code VMOE_BATCH_MAX_IMAGES} → {@code batch…}. */
  static String keyOf(String variable) {
    return variable
        .substring(Settings.ENVIRONMENT_PREFIX.length())
        .toLowerCase(Locale.ROOT)
        // longest first; \0 and \1 cannot be in a name
        .replace("___", "\0")
        .replace("__", "\1")
        .replace('_', '.')
        .replace('\0', '-')
        .replace('\1', '_');
  }

  /** Returns the variables of these settings. */
  public static Set<String> variablesOf(List<String> keys) {
    return keys.stream().map(SettingsLoader::variableOf).collect(Collectors.toSet());
  }

  static String variableOf(String key) {
    return Settings.ENVIRONMENT_PREFIX
        + key.replace("_", "__").replace("-", "___").replace('.', '_').toUpperCase(Locale.ROOT);
  }
}
