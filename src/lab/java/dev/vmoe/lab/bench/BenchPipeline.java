package dev.vmoe.lab.bench;

import dev.vmoe.app.client.Replay;
import dev.vmoe.app.client.StreamSummary;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.event.ImageRequest;
import dev.vmoe.streams.instance.ControllerFactory;
import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.settings.Settings;
import dev.vmoe.streams.topics.TopicPlan;
import java.util.Map;
import java.util.function.Function;

/**
 * A pipeline on the benchmark's broker that can be loaded again and again. One that waits for
 * images still asks the broker for them, at the cost of what is measured beside it: close it where
 * that counts, and start it again under the same name.
 */
public final class BenchPipeline implements AutoCloseable {

  private final String name;
  private final Meters meters = new Meters();
  private final Pipeline pipeline;
  private final Replay client;

  /** Whether the model has experts, whose work events tell. */
  private final boolean experts;

  /**
   * Creates topics that are missing, starts a pipeline and waits until it reads.
   *
   * @param name of the pipeline on its broker
   * @param more settings beside those of the model
   */
  public BenchPipeline(LocalBroker broker, String name, BenchModel model, Map<String, String> more)
      throws InterruptedException {
    Map<String, String> properties = LocalPipeline.properties(model.routing(), model.batch());
    properties.put(Settings.APPLICATION_ID, CpuShares.PIPELINE + "-" + name);
    properties.put(Settings.TOPIC_PREFIX, name + ".");
    properties.putAll(more);
    this.name = name;
    Settings settings = broker.settings(properties, TopicPlan.load());
    experts = !model.classifier().card().dense();
    client = broker.client(settings, experts);
    pipeline =
        Pipeline.start(
            settings,
            model.classifier(),
            model.decoder(),
            ControllerFactory.fixed(),
            Pipeline.metrics(meters, model.classifier().card()));
    try {
      LocalPipeline.awaitRunning(pipeline);
    } catch (RuntimeException | InterruptedException e) {
      close();
      throw e;
    }
  }

  /**
   * Measures it once: sends the {@linkplain FullLoad#first first} images, which do not count, and
   * then all.
   *
   * @param requests makes the request of an image
   * @throws IllegalStateException if not every image is answered once, or a choice is not counted
   */
  public MeteredReplay measure(FullLoad load, Function<LabelledImage, ImageRequest> requests)
      throws InterruptedException {
    answer(load.first(), requests);
    return answer(load, requests);
  }

  private MeteredReplay answer(FullLoad load, Function<LabelledImage, ImageRequest> requests)
      throws InterruptedException {
    MeteredReplay replay = load.send(name, client.sending(requests));
    StreamSummary.Result summary = replay.outcome().summary();
    if (experts ? !summary.complete(load.count()) : !summary.answered(load.count())) {
      throw new IllegalStateException(name + " did not count every choice of every image");
    }
    return replay;
  }

  @Override
  public void close() {
    try (meters;
        pipeline) {
      // each is closed even if another fails
    }
  }
}
