package dev.vmoe.cli;

import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that runs a model at one setting. */
final class RoutingOptions {

  @Option(
      names = "--capacity-ratio",
      paramLabel = "R",
      description = "Slots of all experts over token choices (default: the model's training).")
  private @Nullable Double capacityRatio;

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      description = "Experts each token is sent to (default: the model's training).")
  private @Nullable Integer expertsPerToken;

  @Option(
      names = "--routing",
      paramLabel = "bpr|vanilla",
      defaultValue = "bpr",
      description = "Who claims slots first (default: ${DEFAULT-VALUE}).")
  private String routing = "bpr";

  /** Returns the setting, the model's own where nothing was said. */
  RoutingSettings settings(ModelCard card) {
    return new RoutingSettings(
        capacityRatio == null ? card.capacityRatio() : capacityRatio,
        expertsPerToken == null ? Math.max(1, card.expertsPerToken()) : expertsPerToken,
        Routing.ofLabel(routing));
  }
}
