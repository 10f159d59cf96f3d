package dev.vmoe.lab.cli;

import dev.vmoe.capacity.OperatingPoint;
import dev.vmoe.cli.PositiveNumbers;
import dev.vmoe.dataset.LabelledImage;
import dev.vmoe.demo.LocalBroker;
import dev.vmoe.demo.LocalPipeline;
import dev.vmoe.inference.VmoeSession;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.overload.OpenLoopClient;
import dev.vmoe.lab.overload.PolicyMetrics;
import dev.vmoe.lab.overload.SwitchedCapacity;
import dev.vmoe.lab.overload.TraceOutcome;
import dev.vmoe.lab.sizing.Batching;
import dev.vmoe.lab.sizing.CostMeasurement;
import dev.vmoe.lab.sizing.Forecast;
import dev.vmoe.lab.sizing.Forecaster;
import dev.vmoe.lab.sizing.RecordedRuns;
import dev.vmoe.modelstore.ModelOpener;
import dev.vmoe.output.OutputFiles;
import dev.vmoe.output.Progress;
import dev.vmoe.output.Table;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code vmoe bench plan}: what {@code vmoe plan} foretells against what a pipeline does. */
@Command(
    name = "plan",
    description = {
      "Holds the forecasts that vmoe plan is made of against a real pipeline: the same arrivals, sent"
          + " through a broker in this process when they are due, are foretold and measured.",
      "Costs are measured first, in the same run, unless --costs names some."
    })
final class BenchPlanCommand implements Callable<Integer> {

  private static final Duration WARM_UP = Duration.ofSeconds(8);
  private static final Duration STALLED_AFTER = Duration.ofSeconds(30);

  @Spec private CommandSpec spec;
  @Mixin private final CostOptions costs = new CostOptions();

  @Option(
      names = "--shares",
      split = ",",
      paramLabel = "S",
      defaultValue = "0.25,0.5,0.75,1.1",
      description =
          "Rates, as shares of what the pipeline answers at its best point (default:"
              + " ${DEFAULT-VALUE}).")
  private List<Double> shares = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "20",
      description = "How long each rate is sent (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--repeat",
      paramLabel = "N",
      defaultValue = "2",
      description = "How often, each time with other arrivals (default: ${DEFAULT-VALUE}).")
  private int repeat;

  @Option(
      names = "--latency",
      paramLabel = "MS",
      defaultValue = "1000",
      description =
          "Target of the adaptive controller, in milliseconds (default: ${DEFAULT-VALUE}).")
  private int latencyMs;

  @Option(names = "--csv", paramLabel = "FILE", description = "Write the table there as CSV, too.")
  private @Nullable Path csv;

  private BenchPlanCommand() {}

  /** One trace, foretold and measured. */
  private record Row(
      double perSecond, int seed, Forecast foretold, PolicyMetrics measured, double meanBatch) {}

  @Override
  public Integer call() throws Exception {
    LocalBroker.require(LocalBroker.FROM_A_CHECKOUT);
    costs.check();
    PositiveNumbers.check(spec, "--seconds", seconds, "--repeat", repeat, "--latency", latencyMs);
    if (shares.stream().anyMatch(share -> !(share > 0))) {
      throw new ParameterException(spec.commandLine(), "--shares " + shares + ": not above 0");
    }
    Table table;
    try (VmoeSession session = costs.open()) {
      CostOptions.Basis basis = costs.basis(session);
      table = table(measure(basis, session, costs.images(session.card())));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table.toText());
    out.flush();
    if (csv != null) {
      OutputFiles.write(csv, table.toCsv());
    }
    return 0;
  }

  private List<Row> measure(
      CostOptions.Basis basis, VmoeSession session, List<LabelledImage> images)
      throws InterruptedException {
    Progress progress = new Progress(spec.commandLine().getErr());
    Forecaster forecaster = basis.forecaster(100);
    Batching batching = CostMeasurement.USUAL;
    OperatingPoint best = forecaster.best(batching.maxImages());
    double atBest = basis.costs().pipeline().imagesPerSecond();
    SwitchedCapacity capacity = new SwitchedCapacity(forecaster.fixed(best));
    List<Row> rows = new ArrayList<>();
    try (LocalPipeline pipeline =
            CostMeasurement.pipeline(
                best,
                batching,
                session,
                ModelOpener.decoder(session.card()),
                capacity,
                progress::say);
        OpenLoopClient client = new OpenLoopClient(pipeline, images, STALLED_AFTER)) {
      client.saturate(WARM_UP, Duration.ofSeconds(1), 16 * batching.maxImages(), 0);
      for (int seed = 1; seed <= repeat; seed++) {
        for (double share : shares) {
          double rate = share * atBest;
          progress.say(String.format("%.0f images/s for %.0f s", rate, seconds));
          ArrivalTrace trace =
              ArrivalTrace.poisson("steady", List.of(new ArrivalTrace.Phase(seconds, rate)), seed);
          RecordedRuns recorded = new RecordedRuns(forecaster.adaptive(batching, latencyMs / 1e3));
          capacity.use(recorded);
          TraceOutcome outcome = client.play(trace, seed);
          rows.add(
              new Row(
                  rate,
                  seed,
                  forecaster.of(trace, batching, forecaster.adaptive(batching, latencyMs / 1e3)),
                  PolicyMetrics.of(outcome, latencyMs / 1e3),
                  recorded.meanBatch()));
        }
      }
    }
    return rows;
  }

  private static Table table(List<Row> rows) {
    Table table =
        new Table(
            "images_per_second",
            "seed",
            "p50_foretold_ms",
            "p50_measured_ms",
            "p50_error_percent",
            "p99_foretold_ms",
            "p99_measured_ms",
            "p99_error_percent",
            "batch_foretold",
            "batch_measured",
            "ratio_foretold",
            "ratio_measured",
            "accuracy_foretold",
            "accuracy_measured");
    for (Row row : rows) {
      Forecast foretold = row.foretold();
      PolicyMetrics measured = row.measured();
      table.add(
          Table.decimals(row.perSecond(), 1),
          row.seed(),
          Table.decimals(foretold.p50Ms(), 0),
          Table.decimals(measured.p50Ms(), 0),
          Table.decimals(100 * (foretold.p50Ms() / measured.p50Ms() - 1), 0),
          Table.decimals(foretold.p99Ms(), 0),
          Table.decimals(measured.p99Ms(), 0),
          Table.decimals(100 * (foretold.p99Ms() / measured.p99Ms() - 1), 0),
          Table.decimals(foretold.meanBatch(), 2),
          Table.decimals(row.meanBatch(), 2),
          Table.decimals(foretold.capacityRatio(), 3),
          Table.decimals(measured.meanCapacityRatio(), 3),
          Table.decimals(foretold.accuracy(), 4),
          Table.decimals(measured.effectiveAccuracy(), 4));
    }
    return table;
  }
}
