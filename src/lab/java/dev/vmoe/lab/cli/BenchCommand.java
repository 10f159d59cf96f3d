package dev.vmoe.lab.cli;

import picocli.CommandLine.Command;

/** {@code vmoe lab bench}: what the machine in front of you reaches. */
@Command(
    name = "bench",
    description = "Measure on this machine. Every figure is compared within one run.",
    subcommands = {
      BenchGraphCommand.class,
      BenchPipelineCommand.class,
      BenchOverloadCommand.class,
      BenchFaultsCommand.class
    })
final class BenchCommand {

  private BenchCommand() {}
}
