package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.cli.ModelOptions;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.sweep.Evaluation;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.Table;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
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

/** {@code vmoe evaluate}: accuracy and time of many settings on labelled images. */
@Command(
    name = "evaluate",
    description = {
      "Accuracy and time of a model at many capacity ratios, K and routings on labelled images,"
          + " beside its dense twin; all of them in one run, batch by batch in turn.",
      "LABELLED is a folder with one sub-folder a class, a CSV of file,label, or an IDX images file"
          + " with its labels beside it."
    })
final class EvaluateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();
  @Mixin private final TableOptions files = new TableOptions();

  @Option(
      names = "--dense",
      paramLabel = "M.onnx",
      description = "The dense twin (default: the bundled one for the bundled model, else none).")
  private @Nullable Path dense;

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      defaultValue = "2,1.05,0.75,0.5,0.35,0.25,0.15,0.1",
      description = "Capacity ratios (default: ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--experts-per-token",
      split = ",",
      paramLabel = "K",
      description = "Experts each token is sent to (default: 1 to the trained K).")
  private @Nullable List<Integer> expertsPerToken;

  @Option(
      names = "--routing",
      split = ",",
      paramLabel = "bpr|vanilla",
      defaultValue = "bpr,vanilla",
      description = "Who claims slots first (default: ${DEFAULT-VALUE}).")
  private List<String> routings = List.of();

  private EvaluateCommand() {}

  @Override
  public Integer call() throws Exception {
    batches.check();
    try (BatchClassifier classifier = model.open();
        BatchClassifier twin = openTwin()) {
      Evaluation evaluation = new Evaluation(classifier, twin, settings(classifier.card()));
      batches.forEach(classifier.card(), "evaluated", evaluation::add);
      print(evaluation.rows());
    }
    return 0;
  }

  private @Nullable BatchClassifier openTwin() throws IOException {
    return dense == null ? model.openTwin() : model.open(dense);
  }

  private List<RoutingSettings> settings(ModelCard card) {
    List<Integer> ks = expertsPerToken;
    if (ks == null) {
      ks = new ArrayList<>();
      for (int k = Math.max(1, card.expertsPerToken()); k >= 1; k--) {
        ks.add(k);
      }
    }
    List<RoutingSettings> settings = new ArrayList<>();
    for (String routing : routings) {
      for (int k : ks) {
        for (double ratio : ratios) {
          settings.add(setting(ratio, k, routing, card));
        }
      }
    }
    return settings;
  }

  private RoutingSettings setting(double ratio, int k, String routing, ModelCard card) {
    try {
      card.requireExpertsPerToken(k);
      return new RoutingSettings(ratio, k, Routing.ofLabel(routing));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private void print(List<Evaluation.Row> rows) throws IOException {
    Table table =
        new Table(
            "model",
            "routing",
            "K",
            "ratio",
            "effective",
            "accuracy",
            "minus_dense",
            "low_95",
            "high_95",
            "ms_per_image",
            "processed");
    for (Evaluation.Row row : rows) {
      table.add(
          row.model(),
          row.dense() ? "" : row.routing(),
          row.dense() ? "" : row.expertsPerToken(),
          row.dense() ? "" : row.capacityRatio(),
          row.dense() ? "" : Table.decimals(row.effectiveCapacityRatio(), 3),
          Table.decimals(row.accuracy(), 4),
          decimals(row.minusDense()),
          decimals(row.minusDenseLow()),
          decimals(row.minusDenseHigh()),
          Table.decimals(row.millisPerImage(), 4),
          row.dense() ? "" : Table.decimals(row.processedShare(), 4));
    }
    PrintWriter out = spec.commandLine().getOut();
    out.print(table.toText());
    out.flush();
    ObjectNode result = Json.object();
    result.put("images", rows.get(0).images());
    result.put("batch", batches.batch());
    result.set("rows", Json.tree(rows));
    files.write(table, result);
  }

  private static @Nullable String decimals(@Nullable Double value) {
    return value == null ? null : Table.decimals(value, 4);
  }
}
