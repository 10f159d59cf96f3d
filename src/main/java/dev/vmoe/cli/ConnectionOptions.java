package dev.vmoe.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.settings.MissingRight;
import dev.vmoe.settings.Settings;
import dev.vmoe.settings.SettingsLoader;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** The options of every command that talks to Kafka: where the settings come from. */
final class ConnectionOptions {

  /** A person waits for the answer: shorter than Kafka's minute. */
  private static final int ANSWER_MS = 15_000;

  @Option(
      names = "--settings",
      paramLabel = "FILE",
      description = "Settings file; see src/docs/settings.md.")
  private @Nullable Path file;

  @Option(
      names = "--bootstrap-server",
      paramLabel = "HOST:PORT,…",
      description = "Kafka brokers, over the settings.")
  private @Nullable String bootstrapServers;

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description = "Schema registry, over the settings.")
  private @Nullable String registry;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any setting, over file and environment; may be repeated.")
  private Map<String, String> overrides = new LinkedHashMap<>();

  /** Returns whether any of them was given. */
  boolean given() {
    return file != null || bootstrapServers != null || registry != null || !overrides.isEmpty();
  }

  /**
   * Loads the settings.
   *
   * @throws org.apache.kafka.common.config.ConfigException if they are wrong
   */
  Settings settings() {
    return settings(Map.of());
  }

  /** Loads the settings with a command's own options as the last word. */
  Settings settings(Map<String, String> options) {
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

  /** Connects to the schema registry; nothing is asked yet. */
  static RegistryClient registry(Settings settings) {
    return new RegistryClient(
        settings.getString(Settings.REGISTRY_URL),
        settings.registryProperties(),
        settings.registryRetry());
  }

  /** Work that asks the brokers something. */
  @FunctionalInterface
  interface Question<T> {
    T ask(Admin admin);
  }

  /**
   * Asks the brokers.
   *
   * @throws KafkaException if they do not answer in time; its message says which were asked
   */
  static <T> T ask(Settings settings, Question<T> question) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, ANSWER_MS);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, ANSWER_MS);
    properties.putAll(settings.adminProperties());
    // One sentence at the end says more than a warning for each attempt to connect.
    Logger attempts = (Logger) LoggerFactory.getLogger("org.apache.kafka.clients.NetworkClient");
    Level before = attempts.getLevel();
    attempts.setLevel(Level.ERROR);
    try (Admin admin = Admin.create(properties)) {
      return question.ask(admin);
    } catch (TimeoutException e) {
      throw new KafkaException(
          "no Kafka broker answered at "
              + settings.getString(Settings.BOOTSTRAP_SERVERS)
              + " (bootstrap.servers): is it running there? "
              + e.getMessage(),
          e);
    } finally {
      attempts.setLevel(before);
    }
  }

  /**
   * Makes sure of a topic before anything waits for it in vain.
   *
   * @param needed operations that are to be done on it
   * @throws KafkaException if it does not exist, no broker answers, or this user may not do them
   */
  static void requireTopic(Settings settings, String topic, AclOperation... needed) {
    List<AclOperation> operations = List.of(needed);
    Set<AclOperation> missing =
        ask(settings, admin -> MissingRight.of(described(admin, topic, operations), operations));
    if (!missing.isEmpty()) {
      throw new KafkaException(MissingRight.onTopic(topic, missing));
    }
  }

  private static TopicDescription described(
      Admin admin, String topic, List<AclOperation> operations) {
    try {
      return Objects.requireNonNull(
          admin
              .describeTopics(
                  List.of(topic), new DescribeTopicsOptions().includeAuthorizedOperations(true))
              .allTopicNames()
              .get()
              .get(topic));
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new KafkaException(
            "topic " + topic + " does not exist; `vmoe topics create` makes it", e);
      }
      if (e.getCause() instanceof TopicAuthorizationException) {
        throw new KafkaException(MissingRight.onTopic(topic, operations), e);
      }
      throw e.getCause() instanceof KafkaException cause ? cause : new KafkaException(e);
    }
  }
}
