package dev.vmoe.streams.instance;

import dev.vmoe.streams.config.ConfigLog;
import dev.vmoe.streams.config.ConfigReader;
import dev.vmoe.streams.config.LiveConfiguration;
import dev.vmoe.streams.metrics.PipelineMetrics;
import dev.vmoe.streams.settings.LiveSettings;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topology.LagMonitor;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * What decides: the configuration in force, the load, and the terms that the next batch is opened
 * under.
 */
final class BatchControl implements AutoCloseable {

  /** Maximum encoded bytes of a batch. */
  static final long MAX_BATCH_BYTES = 64L << 20;

  /** How often the backlog is read. */
  private static final Duration LAG_INTERVAL = Duration.ofMillis(250);

  private final LagMonitor lag;
  private final TermsInForce terms;
  private final LiveConfiguration configuration;

  /**
   * Puts the parts together; nothing is read or loaded yet.
   *
   * @param file the settings of the file, complete
   */
  BatchControl(
      Settings settings,
      LiveSettings file,
      ModelSource models,
      CommitControl commits,
      PipelineMetrics metrics) {
    lag =
        new LagMonitor(
            () -> Admin.create(CommitControl.adminProperties(settings)),
            settings.getString(Settings.APPLICATION_ID),
            commits.queues(),
            LAG_INTERVAL,
            (load, oldestNanos) ->
                metrics
                    .capacity()
                    .load(load.backlogImages(), load.arrivalsPerSecond(), oldestNanos));
    terms = new TermsInForce(models, lag::load, MAX_BATCH_BYTES, metrics);
    configuration =
        new LiveConfiguration(
            () -> ConfigLog.of(settings),
            new ConfigReader(
                commits.registry(),
                settings,
                UnaryOperator.identity(),
                commits.registry()::remembers),
            file,
            terms,
            metrics.capacity());
  }

  /** Takes the configuration in force over with its model; waits for the registry if needed. */
  void start(Consumer<@Nullable String> waiting) {
    new RegistryWait("the start", CommitControl.REGISTRY_PAUSE, waiting).until(this::start);
  }

  private void start() {
    try {
      configuration.start();
    } catch (IllegalArgumentException e) {
      throw new ConfigException(e.getMessage());
    }
  }

  LagMonitor lag() {
    return lag;
  }

  TermsInForce terms() {
    return terms;
  }

  LiveConfiguration configuration() {
    return configuration;
  }

  /** Returns how many images run at once where every batch is full. */
  int runningImages() {
    return terms.current().maxBatchImages() * terms.served().parallelRuns();
  }

  /** Follows configuration and load no more; what is in force stays so. */
  void stopFollowing() {
    configuration.close();
    lag.close();
  }

  /** Gives the models back; no batch may run any more. */
  @Override
  public void close() {
    stopFollowing();
    terms.close();
  }
}
