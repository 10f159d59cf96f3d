package dev.vmoe.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The command {@code vmoe}. */
@Command(
    name = "vmoe",
    mixinStandardHelpOptions = true,
    description = "Image classification on Kafka with a V-MoE whose capacity can be lowered.")
public final class VmoeCommand {

  private VmoeCommand() {}

  /** Runs the command and exits with its code. */
  public static void main(String[] args) {
    System.exit(new CommandLine(new VmoeCommand()).execute(args));
  }
}
