package dev.vmoe.lab.cli;

import dev.vmoe.lab.bench.WarmUp;
import dev.vmoe.streams.output.Progress;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The option of benchmarks that warm a pipeline up first. */
final class WarmUpOption {

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      defaultValue = "120",
      description =
          "Maximum seconds before the measurement, until Java's compiler rests (default:"
              + " ${DEFAULT-VALUE}).")
  private int seconds;

  /** Checks the option before anything is started. */
  void check(CommandSpec command) {
    if (seconds < 0) {
      throw new ParameterException(
          command.commandLine(), "--warm-up " + seconds + " is below 0 seconds");
    }
  }

  /** Works until the compiler rests, at least once. */
  void run(WarmUp.Work work, Progress progress) throws InterruptedException {
    progress.say("warming up until Java's compiler rests");
    new WarmUp().run(work, Duration.ofSeconds(seconds));
  }
}
