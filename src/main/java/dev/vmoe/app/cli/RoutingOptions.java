package dev.vmoe.app.cli;

import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of commands that run a model at one operating point. */
public final class RoutingOptions {

  @Option(
      names = "--capacity-ratio",
      paramLabel = "R",
      description =
          "Slots of all experts divided by token choices (default: that of the model's training).")
  private @Nullable Double capacityRatio;

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      description = "Experts that each token is sent to (default: K of the model's training).")
  private @Nullable Integer expertsPerToken;

  @Option(
      names = "--routing",
      paramLabel = "bpr|vanilla",
      defaultValue = "bpr",
      description =
          "Which tokens claim slots first: the most important (bpr) or the first ones (vanilla)"
              + " (default: ${DEFAULT-VALUE}).")
  private String routing = "bpr";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  /**
   * Returns the operating point and routing, with the model's own values as defaults.
   *
   * @throws ParameterException if the model cannot run with them
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
