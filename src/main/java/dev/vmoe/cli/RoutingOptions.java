package dev.vmoe.cli;

import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that runs a model at one setting. */
public final class RoutingOptions {

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

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * Returns the setting, the model's own where nothing was said.
   *
   * @throws ParameterException if the model cannot run with it
   */
  public RoutingSettings settings(ModelCard card) {
    try {
      RoutingSettings settings =
          new RoutingSettings(
              capacityRatio == null ? card.capacityRatio() : capacityRatio,
              expertsPerToken == null ? Math.max(1, card.expertsPerToken()) : expertsPerToken,
              Routing.ofLabel(routing));
      card.requireExpertsPerToken(settings.expertsPerToken());
      return settings;
    } catch (IllegalArgumentException e) {
      throw new ParameterException(command.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}
