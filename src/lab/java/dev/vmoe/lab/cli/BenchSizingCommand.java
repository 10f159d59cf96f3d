package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.lab.sizing.Forecaster;
import dev.vmoe.lab.sizing.LostInstance;
import dev.vmoe.lab.sizing.SizingPicture;
import dev.vmoe.lab.sizing.SizingStudy;
import dev.vmoe.lab.sizing.SizingStudy.Row;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.output.Table;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench sizing}: the tables and pictures of the sizing guide. */
@Command(
    name = "sizing",
    description =
        "Simulates 100 to 10,000 images a second on 1 to 64 instances, from the measured costs of"
            + " one instance: batches, accuracy, latency, faster instances, uneven keys, a"
            + " lost instance. Writes CSV and pictures.")
final class BenchSizingCommand extends Benchmark {

  @Mixin private final CostOptions costs = new CostOptions();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench-sizing",
      description = "Folder for tables and pictures (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private BenchSizingCommand() {}

  @Override
  void check() {
    costs.check();
  }

  @Override
  BenchmarkResult measure() throws Exception {
    Forecaster forecaster = costs.basis().forecaster(100);
    Progress progress = progress();
    SizingStudy study = new SizingStudy(forecaster);
    progress.say("rates and instances");
    List<Row> scale = study.scale();
    List<Row> all = new ArrayList<>(scale);
    progress.say("batches, speeds, uneven keys");
    all.addAll(study.batching());
    all.addAll(study.speed());
    all.addAll(study.skew());
    progress.say("lost instances");
    Table lost = LostInstance.table(forecaster);
    Table configurations = SizingStudy.table(all);
    OutputFiles.write(out.resolve("sizing.csv"), configurations.toCsv());
    OutputFiles.write(out.resolve("sizing-lost.csv"), lost.toCsv());
    OutputFiles.write(out.resolve("sizing-routing.csv"), study.routing().toCsv());
    OutputFiles.write(out.resolve("sizing-brokers.csv"), study.brokers().toCsv());
    OutputFiles.write(out.resolve("sizing-batches.svg"), SizingPicture.batches(scale));
    OutputFiles.write(out.resolve("sizing-accuracy.svg"), SizingPicture.accuracy(scale));
    ObjectNode result = Json.object();
    result.set("rows", Json.tree(all));
    return new BenchmarkResult(
        String.format(
            "%s%n%s%nfiles: %s%n",
            configurations.toText(), lost.toText(), out.toAbsolutePath().normalize()),
        configurations,
        result);
  }
}
