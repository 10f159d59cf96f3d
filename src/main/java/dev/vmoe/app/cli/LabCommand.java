package dev.vmoe.app.cli;

import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.UsageMessageSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vmoe lab}: the commands of the lab's jar, which a checkout has and the image has not. */
@Command(
    name = "lab",
    description =
        "Studies of a model and measurements of this machine; from a checkout only, not in the"
            + " container image.")
final class LabCommand implements Callable<Integer> {

  private static final String NAME = "lab";

  private static final String NOT_HERE =
      "the lab is not part of this installation: clone the repository and run `ops/vmoe lab` there,"
          + " which builds it first";

  /** Commands that were not below {@code lab} in earlier versions. */
  private static final Set<String> MOVED =
      Set.of("bench", "compare", "evaluate", "explain", "routing-map", "sweep");

  @Spec private CommandSpec spec;

  private LabCommand() {}

  @Override
  public Integer call() {
    if (spec.subcommands().isEmpty()) {
      throw new IllegalStateException(NOT_HERE);
    }
    throw new ParameterException(spec.commandLine(), "Missing required subcommand");
  }

  /**
   * Adds the commands of the lab's jar, and a group of its own in the list of commands.
   *
   * @throws ServiceConfigurationError if they cannot be loaded
   */
  static void join(CommandLine vmoe) {
    CommandLine lab = new CommandLine(LabCommand.class);
    vmoe.addSubcommand(lab);
    vmoe.getHelpSectionMap()
        .put(UsageMessageSpec.SECTION_KEY_COMMAND_LIST, LabCommand::groupedCommands);
    ServiceLoader.load(CommandProvider.class)
        .forEach(provider -> provider.commands().forEach(lab::addSubcommand));
    lab.setUnmatchedArgumentsAllowed(lab.getSubcommands().isEmpty());
  }

  private static String groupedCommands(Help help) {
    return help.commandList().replaceFirst("(?m)^  " + NAME + " ", "Lab:\n$0");
  }

  /** Returns whether an earlier version had this command beside {@code lab}. */
  static boolean hasMoved(String command) {
    return MOVED.contains(command);
  }
}
