package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.VmoeCommand;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.importer.bundled.BundledModels;
import dev.vmoe.lab.faults.FaultKind;
import dev.vmoe.lab.faults.FaultLimits;
import dev.vmoe.lab.faults.FaultSchedule;
import dev.vmoe.lab.faults.FaultsBench;
import dev.vmoe.lab.faults.FaultsPlan;
import dev.vmoe.lab.faults.FaultsReport;
import dev.vmoe.lab.faults.FaultsResult;
import dev.vmoe.lab.faults.Sabotage;
import dev.vmoe.streams.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** {@code vmoe lab bench faults}: whether every image is answered once, whatever fails. */
@Command(
    name = "faults",
    description = {
      "Runs instances, brokers and a schema registry as processes, sends images with hostile"
          + " records among them, and makes things fail, one after the other. At the end it reads"
          + " all topics from their start and checks: one answer for each image, in order;"
          + " dead letters of exactly the hostile records, bytes untouched; keys, headers and"
          + " timestamps; sums of utilization.",
      "It measures how long each fault stops answers: until every partition has an answer to an"
          + " image sent since, and the longest pause of the partitions whose instance was not"
          + " touched, as a read_committed client sees them."
    },
    exitCodeList = {
      "0:every image has its one right answer",
      "1:something was lost, doubled, out of order, wrong or later than allowed; or the run failed",
      "2:wrong usage or settings"
    })
final class BenchFaultsCommand extends Benchmark {

  private static final int MAX_FAULT_SECONDS = 3600;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "120",
      description =
          "How long faults are made; none of a random length lasts longer than a quarter of it"
              + " (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--fault-seconds",
      paramLabel = "S",
      defaultValue = "0",
      description =
          "How long each fault lasts, such as 300 for a broker that is away for five minutes; 0 for"
              + " a random length (default: ${DEFAULT-VALUE}).")
  private double faultSeconds;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "Seed of the faults and of the images (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--instances",
      paramLabel = "N",
      defaultValue = "2",
      description = "Instances of the pipeline (default: ${DEFAULT-VALUE}).")
  private int instances;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "1",
      description = "Stream threads of an instance (default: ${DEFAULT-VALUE}).")
  private int threads;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "6",
      description = "Partitions of the images topic (default: ${DEFAULT-VALUE}).")
  private int partitions;

  @Option(
      names = "--brokers",
      paramLabel = "1|3",
      defaultValue = "1",
      description =
          "Brokers, beside a controller; topics have as many replicas (default:"
              + " ${DEFAULT-VALUE}).")
  private int brokers;

  @Option(
      names = "--combined",
      description =
          "The one broker is its own controller, which Kafka does not survive well: see"
              + " src/docs/delivery.md.")
  private boolean combined;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "40",
      description = "Records a second; one in twenty is hostile (default: ${DEFAULT-VALUE}).")
  private double rate;

  @Option(
      names = "--faults",
      split = ",",
      paramLabel = "NAME[=WEIGHT]",
      description = {
        "What fails, and how often in a round, such as kill=8,broker (default: each once, without"
            + " cluster, bombs, network and clock):",
        "kill, kill-all: SIGKILL of an instance, of all; they are started again;",
        "roll: SIGTERM of each instance in turn; freeze: SIGSTOP, later SIGCONT;",
        "scale: more or fewer instances for a while; partitions: one more of the images topic;",
        "broker: SIGKILL of a broker for 2 to 60 s; cluster: of controller and brokers at once;",
        "registry-away, registry-hung, registry-refusing, registry-empty: what the instances see of"
            + " the registry for 3 to 40 s;",
        "steal: another process takes half of the processors;",
        "bombs: 500 images that take much memory to decode, of all formats, at once, one in 23"
            + " valid and nearly as large as image.max.pixels (above 16 megapixels they are refused"
            + " by image.max.pixels.per.byte), and as many usual ones between them (not among the"
            + " default);",
        "config, bad-config: a configuration record that is valid, or must be refused;",
        "model: a configuration record names another model, the bundled one in 8-bit integers; 3 to"
            + " 10 s later another record returns to the first;",
        "network: packets between an instance and brokers and registry vanish for 5 to 40 s (needs"
            + " root and ip);",
        "clock: the wall clock of an instance steps by 5 to 60 s, back or forth, and after 5 to"
            + " 40 s to the right time (needs libfaketime)."
      })
  private @Nullable List<String> faults;

  @Option(
      names = "--instance-memory",
      paramLabel = "MIB",
      defaultValue = "0",
      description = {
        "Memory of the one instance, in mebibytes: the kernel kills it above, as in a container; 0"
            + " for no limit (default: ${DEFAULT-VALUE}).",
        "Needs root and control groups. It decodes by as many threads as an instance does by"
            + " default."
      })
  private int instanceMemory;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "A setting of the instances, such as streams.commit.interval.ms=50; may be repeated.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--max-recovery-ms",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Fail if any recovery_ms, as the report shows it, is above N; 0 for no limit (default:"
              + " ${DEFAULT-VALUE}).")
  private long maxRecoveryMs;

  @Option(
      names = "--max-beside-bombs-ms",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Fail if any beside_bombs_ms (from sending a good image between bombs to its answer) is"
              + " above N; 0 for no limit (default: ${DEFAULT-VALUE}).")
  private long maxBesideBombsMs;

  @Option(
      names = "--sabotage",
      paramLabel = "offsets|remove|repeat",
      description =
          "Break something on purpose, to see that the check finds it: set back the offsets of the"
              + " stopped group, take away an answer, or repeat one.")
  private @Nullable Sabotage sabotage;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/bench-faults",
      description =
          "Folder for a folder with the logs of all processes (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private BenchFaultsCommand() {}

  @Override
  void check() {
    if (faultSeconds < 0 || faultSeconds > MAX_FAULT_SECONDS) {
      throw new ParameterException(
          spec.commandLine(),
          "--fault-seconds " + faultSeconds + " is not from 0 to " + MAX_FAULT_SECONDS);
    }
    positive("--seconds", "--instances", "--threads", "--partitions", "--rate");
    valid(() -> new Settings(settings));
    valid(this::plan);
    LocalBroker.require(LocalBroker.FROM_A_CHECKOUT);
  }

  @Override
  BenchmarkResult measure() throws Exception {
    Files.createDirectories(out);
    Path folder = Files.createTempDirectory(out.toAbsolutePath().normalize(), "run-");
    FaultsResult result;
    try {
      result =
          new FaultsBench(
                  plan(), folder, VmoeCommand.class.getName(), BundledModels.vmoe(), this::say)
              .run();
    } finally {
      deleteData(folder);
    }
    FaultsReport report = new FaultsReport(result);
    return new BenchmarkResult(
        String.format("%s%nlogs: %s%n", report.toText(), folder),
        report.toTable(),
        report.toJson(),
        result.clean());
  }

  private FaultsPlan plan() {
    List<String> chosen = faults;
    Map<FaultKind, Integer> weights =
        chosen == null
            ? FaultKind.usual().stream().collect(Collectors.toMap(kind -> kind, kind -> 1))
            : FaultSchedule.weights(chosen);
    return new FaultsPlan(
        seconds,
        faultSeconds,
        seed,
        instances,
        threads,
        partitions,
        brokers,
        combined,
        weights,
        rate,
        instanceMemory,
        settings,
        new FaultLimits(maxRecoveryMs, maxBesideBombsMs),
        sabotage);
  }

  /** Deletes what brokers and instances have stored; logs and settings stay. */
  private static void deleteData(Path folder) throws IOException {
    List<Path> data;
    try (Stream<Path> files = Files.list(folder)) {
      data = files.filter(Files::isDirectory).toList();
    }
    for (Path directory : data) {
      Folders.delete(directory);
    }
  }
}
