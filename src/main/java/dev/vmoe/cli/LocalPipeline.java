package dev.vmoe.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.vmoe.embedded.EmbeddedKafka;
import dev.vmoe.embedded.EmbeddedRegistry;
import dev.vmoe.event.RegistryClient;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.report.Replay;
import dev.vmoe.settings.Settings;
import dev.vmoe.settings.TopicAdmin;
import dev.vmoe.settings.TopicPlan;
import dev.vmoe.streams.Pipeline;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.LoggerFactory;

/** A broker, a registry and a pipeline between them, in one process and on loopback only. */
final class LocalPipeline implements AutoCloseable {

  private static final Duration START_LIMIT = Duration.ofMinutes(1);

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final Settings settings;
  private final RegistryClient registry;

  /**
   * Starts everything and waits until the pipeline reads.
   *
   * @param overrides settings of the pipeline; addresses are filled in
   * @param classifier stays the caller's to close, after this
   * @param progress told what is being started
   */
  LocalPipeline(
      Map<String, String> overrides,
      BatchClassifier classifier,
      ImageDecoder decoder,
      Consumer<String> progress)
      throws InterruptedException {
    quietUnlessAsked();
    try {
      progress.accept("starting a Kafka broker and a schema registry");
      EmbeddedRegistry registryServer = opened(EmbeddedRegistry.start());
      EmbeddedKafka kafka = opened(EmbeddedKafka.start());
      Map<String, String> all = new HashMap<>(overrides);
      all.put(Settings.BOOTSTRAP_SERVERS, kafka.bootstrapServers());
      all.put(Settings.REGISTRY_URL, registryServer.url());
      settings = new Settings(all);
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
        new TopicAdmin(admin, settings.getString(Settings.TOPIC_PREFIX)).create(TopicPlan.load());
      }
      registry =
          opened(new RegistryClient(registryServer.url(), Map.of(), settings.registryRetry()));
      progress.accept("starting the pipeline");
      Pipeline pipeline = opened(Pipeline.start(settings, classifier, decoder));
      if (!pipeline.awaitRunning(START_LIMIT)) {
        throw new IllegalStateException("the pipeline did not start within " + START_LIMIT);
      }
    } catch (RuntimeException | InterruptedException e) {
      close();
      throw e;
    }
  }

  /** Whoever watches progress wants no log of every start and stop between. */
  private static void quietUnlessAsked() {
    if (System.getenv("VMOE_LOG_LEVEL") == null) {
      quiet("dev.vmoe", Level.WARN);
      // It warns of the connections that the broker has closed when it is told to stop.
      quiet("org.apache.kafka.clients.NetworkClient", Level.ERROR);
    }
  }

  private static void quiet(String name, Level level) {
    if (LoggerFactory.getLogger(name) instanceof Logger logger) {
      logger.setLevel(level);
    }
  }

  private <T extends AutoCloseable> T opened(T resource) {
    open.push(resource);
    return resource;
  }

  /** Returns a client that sends images to this pipeline and receives the answers. */
  Replay replay() {
    return new Replay(
        settings.getString(Settings.BOOTSTRAP_SERVERS),
        registry,
        new Replay.TopicNames(
            settings.topic(TopicPlan.IMAGES),
            settings.topic(TopicPlan.PREDICTIONS),
            settings.topic(TopicPlan.EXPERT_UTILIZATION),
            settings.topic(TopicPlan.IMAGES_DLQ)));
  }

  /** Stops everything, last started first. */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!open.isEmpty()) {
      try {
        open.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("the local pipeline did not stop cleanly", e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
