package dev.vmoe.streams.instance;

import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.commit.AbandonedTransactions;
import dev.vmoe.streams.commit.CommitGuard;
import dev.vmoe.streams.commit.PartitionQueues;
import dev.vmoe.streams.commit.Suspects;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.StreamsProperties;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;

/** What may be committed: its guard, and the schemas of what is read and written. */
final class CommitControl implements AutoCloseable {

  /** Maximum total wait for room between two commits; well below the transaction timeout. */
  private static final Duration IN_FLIGHT_WAIT = Duration.ofSeconds(2);

  /** Maximum time of a commit, unless something is wrong. */
  private static final Duration MAX_COMMIT = Duration.ofSeconds(2);

  /** Time between two attempts to reach the registry. */
  static final Duration REGISTRY_PAUSE = Duration.ofSeconds(1);

  private final RegistryClient registry;
  private final RegistrySchemas schemas;
  private final Suspects suspects;
  private final AbandonedTransactions abandoned;
  private final CommitGuard guard;
  private final Duration lastCommit;

  /** Puts the parts together; asks nobody yet. */
  CommitControl(Settings settings) {
    registry = RegistryClient.of(settings, StreamsProperties.MAX_WAIT);
    schemas = new RegistrySchemas(settings, registry, REGISTRY_PAUSE);
    suspects = new Suspects(settings.getInt(Settings.POISON_DEATHS));
    Duration usual = settings.commitInterval().multipliedBy(3);
    lastCommit = Collections.min(List.of(usual, MAX_COMMIT));
    abandoned =
        new AbandonedTransactions(
            () -> Admin.create(adminProperties(settings)),
            settings.getString(Settings.APPLICATION_ID),
            Collections.max(List.of(usual, IN_FLIGHT_WAIT.plus(MAX_COMMIT))));
    guard = new CommitGuard(IN_FLIGHT_WAIT, suspects, schemas::ids, abandoned);
  }

  /**
   * Returns properties of an admin client beside the images. What takes longer is given up: the
   * next attempt has a new chance.
   */
  static Map<String, Object> adminProperties(Settings settings) {
    Map<String, Object> properties = new HashMap<>();
    properties.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 10_000);
    properties.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
    properties.putAll(settings.adminProperties());
    return properties;
  }

  /** Waits until the ids of the own schemas are known, as long as that takes. */
  void awaitSchemas(Consumer<@Nullable String> waiting) {
    schemas.await(waiting);
  }

  RegistryClient registry() {
    return registry;
  }

  RegistrySchemas schemas() {
    return schemas;
  }

  CommitGuard guard() {
    return guard;
  }

  PartitionQueues queues() {
    return guard.queues();
  }

  Suspects suspects() {
    return suspects;
  }

  /** Waits for the commit that says that this stop is one in order, for a short time. */
  void stopInOrder() {
    try {
      suspects.stop(lastCommit);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Asks neither registry nor brokers any more; whoever waits for the registry returns at once. */
  void stopAsking() {
    schemas.close();
    abandoned.close();
    registry.giveUp();
  }

  @Override
  public void close() {
    stopAsking();
    registry.close();
  }
}
