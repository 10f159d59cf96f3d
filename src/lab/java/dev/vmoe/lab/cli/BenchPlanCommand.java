package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.dataset.LabelledImage;
import dev.vmoe.app.demo.LocalBroker;
import dev.vmoe.core.capacity.OperatingPoint;
import dev.vmoe.core.inference.VmoeSession;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.lab.overload.ArrivalTrace;
import dev.vmoe.lab.overload.PolicyMetrics;
import dev.vmoe.lab.overload.SteeredPipeline;
import dev.vmoe.lab.overload.TraceOutcome;
import dev.vmoe.lab.sizing.Batching;
import dev.vmoe.lab.sizing.CostMeasurement;
import dev.vmoe.lab.sizing.Forecast;
import dev.vmoe.lab.sizing.Forecaster;
import dev.vmoe.lab.sizing.RecordedRuns;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Progress;
import dev.vmoe.streams.output.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code vmoe lab bench plan}: what {@code vmoe lab plan} predicts against what a pipeline does.
 */
@Command(
    name = "plan",
    description = {
      "Compares the predictions of vmoe lab plan with a real pipeline: the same arrivals are"
          + " simulated, and sent through a broker in this process when they are due. In the table,"
          + " columns named foretold are predictions.",
      "Costs are measured first, in the same run, unless --costs names some."
    })
final class BenchPlanCommand extends Benchmark {

  private static final Duration WARM_UP = Duration.ofSeconds(8);

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

  private BenchPlanCommand() {}

  /** One trace, predicted and measured. */
  private record ComparedTrace(
      double perSecond, int seed, Forecast predicted, PolicyMetrics measured, double meanBatch) {}

  @Override
  void check() {
    LocalBroker.require(LocalBroker.FROM_A_CHECKOUT);
    costs.check();
    positive("--seconds", "--repeat", "--latency");
    if (shares.stream().anyMatch(share -> !(share > 0))) {
      throw usage("--shares " + shares + ": not above 0");
    }
  }

  @Override
  BenchmarkResult measure() throws Exception {
    try (VmoeSession session = costs.open()) {
      CostOptions.Basis basis = costs.basis(session);
      List<ComparedTrace> rows = measure(basis, session, costs.images(session.card()));
      Table table = table(rows);
      ObjectNode result = Json.object();
      result.set("rows", Json.tree(rows));
      return new BenchmarkResult(table.toText(), table, result);
    }
  }

  private List<ComparedTrace> measure(
      CostOptions.Basis basis, VmoeSession session, List<LabelledImage> images)
      throws InterruptedException {
    Progress progress = progress();
    Forecaster forecaster = basis.forecaster(100);
    Batching batching = CostMeasurement.USUAL;
    OperatingPoint best = forecaster.best(batching.maxImages());
    double atBest = basis.costs().pipeline().imagesPerSecond();
    List<ComparedTrace> rows = new ArrayList<>();
    try (SteeredPipeline pipeline =
        CostMeasurement.pipeline(best, batching, session, images, progress::say)) {
      pipeline.saturate(
          forecaster.fixed(best), WARM_UP, Duration.ofSeconds(1), 16 * batching.maxImages(), 0);
      for (int seed = 1; seed <= repeat; seed++) {
        for (double share : shares) {
          double rate = share * atBest;
          progress.say(String.format(Locale.ROOT, "%.0f images/s for %.0f s", rate, seconds));
          ArrivalTrace trace =
              ArrivalTrace.poisson("steady", List.of(new ArrivalTrace.Phase(seconds, rate)), seed);
          RecordedRuns recorded = new RecordedRuns(forecaster.adaptive(batching, latencyMs / 1e3));
          TraceOutcome outcome = pipeline.play(recorded, trace, null, seed);
          rows.add(
              new ComparedTrace(
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

  private static Table table(List<ComparedTrace> rows) {
    return new Columns<ComparedTrace>()
        .add("images_per_second", 1, ComparedTrace::perSecond)
        .add("seed", ComparedTrace::seed)
        .add("p50_foretold_ms", 0, row -> row.predicted.p50Ms())
        .add("p50_measured_ms", 0, row -> row.measured.p50Ms())
        .add("p50_error_percent", 0, row -> error(row.predicted.p50Ms(), row.measured.p50Ms()))
        .add("p99_foretold_ms", 0, row -> row.predicted.p99Ms())
        .add("p99_measured_ms", 0, row -> row.measured.p99Ms())
        .add("p99_error_percent", 0, row -> error(row.predicted.p99Ms(), row.measured.p99Ms()))
        .add("batch_foretold", 2, row -> row.predicted.meanBatch())
        .add("batch_measured", 2, ComparedTrace::meanBatch)
        .add("ratio_foretold", 3, row -> row.predicted.capacityRatio())
        .add("ratio_measured", 3, row -> row.measured.meanCapacityRatio())
        .add("accuracy_foretold", 4, row -> row.predicted.accuracy())
        .add("accuracy_measured", 4, row -> row.measured.effectiveAccuracy())
        .table(rows);
  }

  private static double error(double predicted, double measured) {
    return 100 * (predicted / measured - 1);
  }
}
