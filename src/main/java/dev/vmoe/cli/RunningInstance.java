package dev.vmoe.cli;

import dev.vmoe.console.Health;
import dev.vmoe.console.Instance;
import dev.vmoe.console.PipelineView;
import dev.vmoe.console.RoutingMap;
import dev.vmoe.event.RoutingProfile;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.report.routing.RoutingMapPicture;
import dev.vmoe.report.routing.RoutingTable;
import dev.vmoe.settings.Settings;
import dev.vmoe.streams.Pipeline;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.streams.KafkaStreams;
import org.jspecify.annotations.Nullable;

/** What {@code vmoe run} tells the console: first that it loads, then how the pipeline is. */
final class RunningInstance implements Instance {

  private volatile String lacks = "the model is being loaded and warmed up";
  private volatile @Nullable Pipeline pipeline;
  private volatile @Nullable PipelineView view;
  private volatile boolean mapped;

  /** Says that the model is ready. */
  void loaded() {
    lacks = "the pipeline is being started";
  }

  /** Says which pipeline runs, and what can be seen of it. */
  void started(Pipeline started, PipelineView seen) {
    view = seen;
    pipeline = started;
  }

  @Override
  public Health health() {
    Pipeline running = pipeline;
    if (running == null) {
      return Health.waitingFor(lacks);
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

  /** Once there is one, there always is: rows are only added. */
  @Override
  public boolean hasRoutingMap() {
    mapped = mapped || routingMap().svg().isPresent();
    return mapped;
  }

  @Override
  public RoutingMap routingMap() {
    Pipeline running = pipeline;
    if (running == null) {
      return RoutingMap.lacking(lacks);
    }
    ModelCard card = running.card();
    if (card.dense()) {
      return RoutingMap.lacking(card.name() + " is a dense model, it has no experts");
    }
    return running
        .routingProfile()
        .map(rows -> draw(rows, card, running.profileStandstill()))
        .orElseGet(
            () -> RoutingMap.lacking(Settings.ROUTING_PROFILE_INTERVAL_MS + " is 0, none is kept"));
  }

  private static RoutingMap draw(
      List<RoutingProfile> rows, ModelCard card, Optional<String> standstill) {
    List<RoutingProfile> ofModel =
        rows.stream().filter(row -> row.getWeightsHash().equals(card.weightsHash())).toList();
    if (ofModel.isEmpty() && standstill.isPresent()) {
      return RoutingMap.lacking("the routing profile stands still: " + standstill.get());
    }
    if (ofModel.stream().allMatch(row -> row.getClassIndex() < 0)) {
      return RoutingMap.lacking(
          ofModel.isEmpty()
              ? "no image of this model has been counted yet"
              : "all images so far have labels that are none of the model's classes");
    }
    RoutingTable table = RoutingTable.of(ofModel);
    return RoutingMap.of(
        new RoutingMapPicture(table, RoutingMapPicture.firstAndLast(table)).toSvg());
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
