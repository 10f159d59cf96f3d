package dev.vmoe.lab.cli;

import picocli.CommandLine.Option;

/** The batch size of the commands that measure speed. */
final class BatchSizeOption {

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Images a batch (default: ${DEFAULT-VALUE}).")
  private int images;

  /** Returns B. */
  int images() {
    return images;
  }
}
