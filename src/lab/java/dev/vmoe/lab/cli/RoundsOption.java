package dev.vmoe.lab.cli;

import dev.vmoe.lab.bench.Rounds;
import dev.vmoe.streams.output.Progress;
import picocli.CommandLine.Option;

/** The option of benchmarks that measure things in turn. */
final class RoundsOption {

  @Option(
      names = "--rounds",
      paramLabel = "N",
      description =
          "Rounds in which everything is measured once, beside one that warms up (default:"
              + " ${DEFAULT-VALUE}).")
  private int rounds;

  /** Creates the option with a benchmark's default. */
  RoundsOption(int rounds) {
    this.rounds = rounds;
  }

  /** Returns the rounds that count. */
  int count() {
    return rounds;
  }

  /** Measures everything in turn, and shows how far that is. */
  void run(Rounds things, String what, Progress progress) throws InterruptedException {
    things.run(rounds, what, progress);
  }
}
