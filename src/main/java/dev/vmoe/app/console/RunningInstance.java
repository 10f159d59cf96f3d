package dev.vmoe.app.console;

import dev.vmoe.streams.instance.Pipeline;
import dev.vmoe.streams.output.ErrorText;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** What {@code vmoe run} tells the console: first that it loads, then how the pipeline is. */
public final class RunningInstance implements Instance {

  private volatile String lacks = "the model is being loaded and warmed up";
  private volatile @Nullable String waiting;
  private volatile @Nullable Pipeline pipeline;
  private volatile @Nullable PipelineView view;

  /** Says that the model is ready. */
  public void loaded() {
    lacks = "the pipeline is being started";
  }

  /** Says what the start waits for; null if it goes on. */
  public void waiting(@Nullable String what) {
    waiting = what;
  }

  /** Says which pipeline runs, and what can be seen of it. */
  public void started(Pipeline started, PipelineView seen) {
    view = seen;
    pipeline = started;
  }

  @Override
  public Health health() {
    Pipeline running = pipeline;
    if (running == null) {
      return Health.waitingFor(Objects.requireNonNullElse(waiting, lacks));
    }
    return running
        .failure()
        .map(failure -> Health.failed("the pipeline gave up: " + ErrorText.of(failure)))
        .orElseGet(() -> of(running.state()));
  }

  private static Health of(KafkaStreams.State state) {
    return switch (state) {
      case RUNNING -> Health.READY;
      case ERROR, PENDING_ERROR -> Health.failed("Kafka Streams is in state " + state);
      default -> Health.waitingFor("Kafka Streams is in state " + state + ", not yet RUNNING");
    };
  }

  @Override
  public Optional<String> topology() {
    return Optional.ofNullable(pipeline).map(Pipeline::topology);
  }

  @Override
  public Optional<PipelineView> view() {
    return Optional.ofNullable(view);
  }
}
