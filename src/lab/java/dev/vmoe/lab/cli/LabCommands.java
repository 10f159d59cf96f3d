package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.CommandProvider;
import java.util.List;

/** The commands of the lab. */
public final class LabCommands implements CommandProvider {

  @Override
  public List<Class<?>> commands() {
    return List.of(
        ExplainCommand.class,
        EvaluateCommand.class,
        SweepCommand.class,
        RoutingMapCommand.class,
        CompareCommand.class,
        BenchCommand.class);
  }
}
