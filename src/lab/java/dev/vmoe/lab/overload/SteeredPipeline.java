package dev.vmoe.lab.overload;

import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalPipeline;
import dev.vmoe.core.capacity.CapacityController;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.streams.metrics.Meters;
import dev.vmoe.streams.models.ModelOpener;
import dev.vmoe.streams.topics.TopicPlan;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A pipeline under a client of its own, whose controller can be exchanged while it runs: what is
 * compared then shares one pipeline, warm and with the same threads.
 */
public final class SteeredPipeline implements AutoCloseable {

  /** Silence after which images without an answer count as lost. */
  private static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  private final SwitchedCapacity capacity;
  private final LocalPipeline pipeline;
  private final OpenLoopClient client;

  /**
   * Starts broker, registry and pipeline and waits until it reads.
   *
   * @param properties settings except the addresses
   * @param models by the index of an operating point; closed by the caller, after this
   * @param images images to send, again from the first where more are wanted
   * @param first the controller at first
   * @param progress receives what is being started
   */
  public SteeredPipeline(
      Map<String, String> properties,
      List<BatchClassifier> models,
      List<LabelledImage> images,
      CapacityController first,
      Consumer<String> progress)
      throws InterruptedException {
    List<ModelCard> cards = models.stream().map(BatchClassifier::card).toList();
    capacity = new SwitchedCapacity(first);
    pipeline =
        new LocalPipeline(
            properties,
            TopicPlan.load(),
            models,
            ModelOpener.decoder(cards.get(0)),
            (settings, metrics) -> live -> capacity,
            new Meters(),
            progress);
    try {
      client =
          new OpenLoopClient(
              pipeline,
              images,
              STALLED_AFTER,
              cards.size() > 1 ? cards.stream().map(ModelCard::name).toList() : List.of());
    } catch (RuntimeException e) {
      pipeline.close();
      throw e;
    }
  }

  /** As {@link OpenLoopClient#play(ArrivalTrace, Duration, long)}, under a controller. */
  public TraceOutcome play(
      CapacityController controller, ArrivalTrace trace, @Nullable Duration deadline, long seed)
      throws InterruptedException {
    capacity.use(controller);
    return client.play(trace, deadline, seed);
  }

  /** As {@link OpenLoopClient#saturate}, under a controller. */
  public double saturate(
      CapacityController controller, Duration settling, Duration measured, int window, long seed)
      throws InterruptedException {
    capacity.use(controller);
    return client.saturate(settling, measured, window, seed);
  }

  @Override
  public void close() {
    try (pipeline;
        client) {
      // each is closed even if the other fails
    }
  }
}
