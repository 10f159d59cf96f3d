package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.lab.sizing.Demand;
import dev.vmoe.lab.sizing.MeasuredCosts;
import dev.vmoe.lab.sizing.Plan;
import dev.vmoe.lab.sizing.PlanText;
import dev.vmoe.lab.sizing.Planner;
import dev.vmoe.streams.output.Json;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab plan}: how many instances, partitions and images a batch a rate takes. */
@Command(
    name = "plan",
    description = {
      "Says how many instances, partitions and images a batch a rate of images takes, how soon they"
          + " are answered, how accurately, and which limit is reached first.",
      "Computed by a simulation of an instance's queue with costs that are measured on this"
          + " machine, or with --costs on another. Nothing is sent anywhere but to a broker in this"
          + " process."
    })
final class PlanCommand extends StudyCommand {

  @Mixin private final CostOptions costs = new CostOptions();
  @Mixin private final JsonOption json = new JsonOption();

  @Option(
      names = "--rate",
      required = true,
      paramLabel = "IMAGES/S",
      description = "Mean rate of images.")
  private double rate;

  @Option(
      names = "--latency",
      required = true,
      paramLabel = "MS",
      description = "Time within which 99 %% of the images are to be answered, in milliseconds.")
  private double latencyMs;

  @Option(
      names = "--burst",
      paramLabel = "X",
      defaultValue = "1.5",
      description =
          "Peak rate over the mean rate; at the peak, accuracy may be given up, the latency not"
              + " (default: ${DEFAULT-VALUE}).")
  private double burst;

  @Option(
      names = "--give-up",
      paramLabel = "POINTS",
      defaultValue = "0.5",
      description =
          "Accuracy that may be given up at the mean rate, in points (default: ${DEFAULT-VALUE}).")
  private double giveUp;

  @Option(
      names = "--batch",
      split = ",",
      paramLabel = "B",
      description = "batch.max.images to choose from (default: the sizes that were measured).")
  private List<Integer> batches = List.of();

  @Option(
      names = "--linger",
      split = ",",
      paramLabel = "MS",
      description = "batch.linger.ms to choose from (default: 0 to 200).")
  private List<Integer> lingers = List.of();

  @Option(
      names = "--commit-interval",
      paramLabel = "MS",
      defaultValue = "100",
      description = "streams.commit.interval.ms (default: ${DEFAULT-VALUE}).")
  private int commitIntervalMs;

  @Option(
      names = "--image-bytes",
      paramLabel = "N",
      description = "Mean bytes of an encoded image (default: those of --images).")
  private @Nullable Long imageBytes;

  @Option(
      names = "--cores",
      paramLabel = "N",
      description = "Cores you have: says whether they are enough.")
  private @Nullable Integer cores;

  @Option(
      names = "--gpus",
      paramLabel = "N",
      description = "GPUs you have: says whether they are enough.")
  private @Nullable Integer gpus;

  private PlanCommand() {}

  @Override
  public Integer call() throws Exception {
    costs.check();
    positive("--image-bytes", "--commit-interval", "--cores", "--gpus");
    demand(1); // rejects wrong options before anything is measured
    CostOptions.Basis basis = costs.basis();
    MeasuredCosts measured = basis.costs();
    Plan plan =
        new Planner(basis.forecaster(commitIntervalMs), batches, lingers)
            .plan(demand(measured.imageBytes()));
    out().print(new PlanText(plan, measured, basis.qualityMeasured()).toText());
    String fit = fit(plan, measured);
    if (!fit.isEmpty()) {
      out().println("- " + fit);
    }
    out().flush();
    ObjectNode result = Json.object();
    result.put("model", measured.model());
    result.put("device", measured.device());
    result.put("quality_measured", basis.qualityMeasured());
    result.setAll((ObjectNode) Json.tree(plan));
    json.write(result);
    return 0;
  }

  private Demand demand(long meanBytes) {
    return new Demand(
        rate,
        latencyMs / 1e3,
        burst,
        giveUp / 100,
        imageBytes == null ? meanBytes : imageBytes,
        commitIntervalMs / 1e3);
  }

  private String fit(Plan plan, MeasuredCosts measured) {
    boolean gpu = measured.device().startsWith("cuda");
    Integer available = gpu ? gpus : cores;
    if (available == null) {
      return cores == null && gpus == null
          ? ""
          : "The costs were measured on " + measured.device() + ", which says nothing of others.";
    }
    int each = gpu ? 1 : measured.threads();
    int max = available / each;
    String what = gpu ? "GPUs" : "cores";
    return String.format(
        Locale.ROOT,
        plan.instances() <= max
            ? "%d %s are enough: %d are needed; all of them would do for %.0f images/s."
            : "%d %s are not enough: %d are needed; those would do for %.0f images/s.",
        available,
        what,
        plan.instances() * each,
        max * plan.mostPerInstance());
  }
}
