package dev.vmoe.app.demo;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vmoe.app.client.Replay;
import dev.vmoe.app.embedded.EmbeddedKafka;
import dev.vmoe.app.embedded.EmbeddedRegistry;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicAdmin;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.LoggerFactory;

/** A broker and a registry on loopback, for several pipelines with separate topics. */
public final class LocalBroker implements AutoCloseable {

  /** What to do if a command needs them and they are not installed. */
  public static final String FROM_A_CHECKOUT =
      "run this command from a checkout (ops/vmoe), or use `docker compose up`, which starts the"
          + " pipeline with a broker and a registry";

  private static final Duration REGISTRY_RETRY = Duration.ofSeconds(30);

  private final EmbeddedRegistry registryServer;
  private final EmbeddedKafka kafka;
  private final RegistryClient registry;

  /** Starts both. */
  public LocalBroker() throws InterruptedException {
    require(FROM_A_CHECKOUT);
    quietUnlessAsked();
    registryServer = EmbeddedRegistry.start();
    try {
      kafka = EmbeddedKafka.start();
    } catch (RuntimeException e) {
      registryServer.close();
      throw e;
    }
    registry = new RegistryClient(registryServer.url(), Map.of(), REGISTRY_RETRY);
  }

  /**
   * Checks that this installation contains broker and registry.
   *
   * @param otherwise what to do if not
   */
  public static void require(String otherwise) {
    if (!EmbeddedKafka.isThere()) {
      throw new IllegalStateException(
          "this installation has no Kafka broker and no schema registry, like the container image: "
              + otherwise);
    }
  }

  /** Keeps the log of each start and stop out of the progress that is shown. */
  private static void quietUnlessAsked() {
    if (System.getenv("VMOE_LOG_LEVEL") == null) {
      quiet("dev.vmoe", Level.WARN);
      // It warns of connections that the broker closes when it stops.
      quiet("org.apache.kafka.clients.NetworkClient", Level.ERROR);
      // It warns of partitions that are revoked while their offsets are queried.
      quiet("org.apache.kafka.clients.consumer.internals.OffsetFetcherUtils", Level.ERROR);
    }
  }

  private static void quiet(String name, Level level) {
    if (LoggerFactory.getLogger(name) instanceof Logger logger) {
      logger.setLevel(level);
    }
  }

  /**
   * Creates topics and returns the settings of a pipeline on them.
   *
   * @param properties settings except the addresses
   * @param plan topics to create
   */
  public Settings settings(Map<String, String> properties, TopicPlan plan)
      throws InterruptedException {
    Map<String, String> all = new HashMap<>(properties);
    all.put(Settings.BOOTSTRAP_SERVERS, kafka.bootstrapServers());
    all.put(Settings.REGISTRY_URL, registryServer.url());
    Settings settings = new Settings(all);
    try (Admin admin = Admin.create(settings.adminProperties())) {
      new TopicAdmin(admin, settings).create(plan);
    }
    return settings;
  }

  /**
   * Returns a client that sends images to the pipeline with these settings and reads its answers.
   *
   * @param experts whether it waits for utilization events, which models without experts have not
   */
  public Replay client(Settings settings, boolean experts) {
    return new Replay(
        kafka.bootstrapServers(),
        registry,
        new Replay.TopicNames(
            settings.topic(TopicPlan.IMAGES),
            settings.topic(TopicPlan.PREDICTIONS),
            experts ? settings.topic(TopicPlan.EXPERT_UTILIZATION) : null,
            settings.topic(TopicPlan.IMAGES_DLQ)));
  }

  /** Leaves it to the caller to close this when the JVM stops. */
  void leaveToCaller() {
    kafka.leaveToCaller();
    registryServer.leaveToCaller();
  }

  /** Stops everything, last started first. */
  @Override
  public void close() {
    try (registryServer;
        kafka;
        registry) {
      // each is closed even if another fails
    }
  }
}
