package dev.vmoe.lab.bench;

import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalBroker;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.image.ImageDecoder;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.instance.ControllerFactory;
import dev.vmoe.instance.Pipeline;
import dev.vmoe.metrics.Meters;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.settings.Settings;
import dev.vmoe.topics.TopicPlan;
import java.util.List;

/**
 * A pipeline that lives only while it is measured: one that waits for images still asks the broker
 * for them, at the cost of what is measured beside it.
 */
public final class PipelineRounds {

  private final LocalBroker broker;
  private final Settings settings;
  private final BatchClassifier classifier;
  private final ImageDecoder decoder;

  /**
   * Creates the topics.
   *
   * @param routing of every batch
   * @param batch maximum images of a micro-batch
   */
  public PipelineRounds(
      LocalBroker broker,
      RoutingSettings routing,
      int batch,
      BatchClassifier classifier,
      ImageDecoder decoder)
      throws InterruptedException {
    this.broker = broker;
    this.settings = broker.settings(LocalPipeline.properties(routing, batch), TopicPlan.load());
    this.classifier = classifier;
    this.decoder = decoder;
  }

  /** Returns the pipeline's settings, including addresses. */
  public Settings settings() {
    return settings;
  }

  /**
   * Measures the pipeline once: starts it, waits until it reads, sends images and reads the
   * answers.
   *
   * @param images sent again from the first if {@code count} is larger
   * @param window maximum images sent and not yet answered
   * @throws IllegalStateException if not every image is answered once
   */
  public MeteredReplay measure(List<LabelledImage> images, int count, int window)
      throws InterruptedException {
    try (Meters meters = new Meters();
        Pipeline pipeline =
            Pipeline.start(
                settings,
                classifier,
                decoder,
                ControllerFactory.fixed(),
                Pipeline.metrics(meters, classifier.card()))) {
      LocalPipeline.awaitRunning(pipeline);
      MeteredReplay round = MeteredReplay.of(broker.client(settings), images, count, window);
      if (!round.outcome().summary().complete(count)) {
        throw new IllegalStateException("the pipeline did not answer every image once");
      }
      return round;
    }
  }
}
