package dev.vmoe.cli;

import dev.vmoe.embedded.EmbeddedKafka;
import dev.vmoe.embedded.EmbeddedRegistry;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.report.Replay;
import dev.vmoe.settings.Settings;
import dev.vmoe.settings.TopicAdmin;
import dev.vmoe.settings.TopicPlan;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/** A broker and a registry on loopback, for several pipelines each with topics of its own. */
final class LocalBroker implements AutoCloseable {

  private final EmbeddedRegistry registryServer;
  private final EmbeddedKafka kafka;
  private final RegistryClient registry;

  /** Starts both. */
  LocalBroker() throws InterruptedException {
    LocalPipeline.quietUnlessAsked();
    registryServer = EmbeddedRegistry.start();
    try {
      kafka = EmbeddedKafka.start();
    } catch (RuntimeException e) {
      registryServer.close();
      throw e;
    }
    registry = new RegistryClient(registryServer.url(), Map.of(), Duration.ofSeconds(30));
  }

  /**
   * Creates topics and returns the settings of a pipeline on them.
   *
   * @param name of the pipeline: prefix of its topics, and its group
   * @param batch most images of a micro-batch
   * @param more settings beside
   */
  Settings settings(String name, RoutingSettings routing, int batch, Map<String, String> more)
      throws InterruptedException {
    Map<String, String> all = new HashMap<>(more);
    all.put(Settings.APPLICATION_ID, name);
    all.put(Settings.TOPIC_PREFIX, name + ".");
    all.put(Settings.CAPACITY_RATIO, Double.toString(routing.capacityRatio()));
    all.put(Settings.EXPERTS_PER_TOKEN, Integer.toString(routing.expertsPerToken()));
    all.put(Settings.ROUTING, routing.routing().label());
    all.put(Settings.BATCH_MAX_IMAGES, Integer.toString(batch));
    all.put(Settings.BOOTSTRAP_SERVERS, kafka.bootstrapServers());
    all.put(Settings.REGISTRY_URL, registryServer.url());
    Settings settings = new Settings(all);
    try (Admin admin = Admin.create(settings.adminProperties())) {
      new TopicAdmin(admin, settings.getString(Settings.TOPIC_PREFIX)).create(TopicPlan.load());
    }
    return settings;
  }

  /** Returns a client of the pipeline with these settings. */
  Replay client(Settings settings) {
    return new Replay(
        kafka.bootstrapServers(),
        registry,
        new Replay.TopicNames(
            settings.topic(TopicPlan.IMAGES),
            settings.topic(TopicPlan.PREDICTIONS),
            settings.topic(TopicPlan.EXPERT_UTILIZATION),
            settings.topic(TopicPlan.IMAGES_DLQ)));
  }

  @Override
  public void close() {
    registry.close();
    kafka.close();
    registryServer.close();
  }
}
