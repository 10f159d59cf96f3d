package dev.vmoe.lab.cli;

import dev.vmoe.lab.mutations.DecodeMutations;
import dev.vmoe.lab.mutations.MutationsResult;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.settings.Settings;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench decode}: whether any bytes are answered with a picture or a reason. */
@Command(
    name = "decode",
    description = {
      "Damages small files of all six formats (ends, bits, headers, lengths and sides, pieces of"
          + " other files) and decodes them as an instance does: within decode.max.bytes and"
          + " decode.timeout.ms. One image in a hundred is whole.",
      "A finding is an image that took too long, made the decoder fail, was refused without a"
          + " reason, or is whole and was refused. Findings are kept in a folder. After a crash of"
          + " the process, the next run finds there what was being decoded.",
      "Image libraries write warnings to stderr, thousands of lines: send it to a file."
    },
    exitCodeList = {
      "0:each image has a picture or a reason, and memory did not grow",
      "1:there are findings, or memory grew; or the run failed",
      "2:wrong usage or settings"
    })
final class BenchDecodeCommand extends Benchmark {

  @Option(
      names = "--mutations",
      paramLabel = "N",
      defaultValue = "100000",
      description = "Images (default: ${DEFAULT-VALUE}).")
  private long mutations;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the images (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description = "Threads that decode; 0 for one a core (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench-decode",
      description = "Folder for findings (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private BenchDecodeCommand() {}

  @Override
  void check() {
    positive("--mutations");
  }

  @Override
  BenchmarkResult measure() throws Exception {
    Settings settings =
        valid(() -> new Settings(Map.of(Settings.DECODE_THREADS, Integer.toString(threads))));
    try (Progress.Bar bar = progress().bar("damaged images", mutations)) {
      MutationsResult result = new DecodeMutations(mutations, seed, settings, out, bar::at).run();
      return new BenchmarkResult(
          result.toText(), result.toTable(), result.toJson(), result.clean());
    }
  }
}
