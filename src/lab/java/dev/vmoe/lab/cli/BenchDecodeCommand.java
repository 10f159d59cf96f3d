package dev.vmoe.lab.cli;

import dev.vmoe.cli.OptionCheck;
import dev.vmoe.cli.VmoeCommand;
import dev.vmoe.lab.mutations.DecodeMutations;
import dev.vmoe.lab.mutations.MutationsResult;
import dev.vmoe.output.Progress;
import dev.vmoe.settings.Settings;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe bench decode}: whether any bytes are answered with a picture or a reason. */
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
final class BenchDecodeCommand extends LabCommand {

  @Mixin private final CsvOption csv = new CsvOption();
  @Mixin private final JsonOption json = new JsonOption();

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
  public Integer call() throws Exception {
    OptionCheck.positive(spec, "--mutations", mutations);
    Settings settings =
        valid(() -> new Settings(Map.of(Settings.DECODE_THREADS, Integer.toString(threads))));
    MutationsResult result;
    try (Progress.Bar bar = progress().bar("damaged images", mutations)) {
      result = new DecodeMutations(mutations, seed, settings, out, bar::at).run();
    }
    print(result.toText());
    csv.write(result.toTable());
    json.write(result.toJson());
    return result.clean() ? 0 : VmoeCommand.FAILED;
  }
}
