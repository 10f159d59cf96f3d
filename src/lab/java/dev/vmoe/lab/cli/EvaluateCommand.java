package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.inference.BatchClassifier;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.lab.sweep.Evaluation;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.SweepRow;
import dev.vmoe.moe.ModelCard;
import dev.vmoe.moe.Routing;
import dev.vmoe.moe.RoutingSettings;
import dev.vmoe.output.Json;
import dev.vmoe.output.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe evaluate}: accuracy and time of many settings on labelled images. */
@Command(
    name = "evaluate",
    description = {
      "Accuracy and time of a model at many capacity ratios, K and routings on labelled images,"
          + " beside its dense twin; all of them in one run, batch by batch in turn.",
      "Ratios, unless --ratios names others: 2, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15 and 0.1.",
      "LABELLED is a folder with one sub-folder a class, a CSV of file,label, or an IDX images file"
          + " with its labels beside it."
    })
final class EvaluateCommand extends LabCommand {

  private static final List<Double> RATIOS = List.of(2.0, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1);

  @Mixin private final CapacityOptions capacity = new CapacityOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();
  @Mixin private final CsvOption csv = new CsvOption();
  @Mixin private final JsonOption json = new JsonOption();

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
    try (BatchClassifier classifier = capacity.open();
        BatchClassifier twin = capacity.openTwin()) {
      ModelCard card = classifier.card();
      List<RoutingSettings> settings = valid(() -> settings(card));
      Evaluation evaluation = new Evaluation(classifier, twin, settings, batches.batch());
      batches.forEach(card, "evaluated", evaluation::add);
      write(evaluation.rows(), card, settings.get(0));
    }
    return 0;
  }

  private List<RoutingSettings> settings(ModelCard card) {
    List<Integer> ks = new ArrayList<>(capacity.expertsPerToken(card));
    if (!capacity.namesExperts()) {
      Collections.reverse(ks);
    }
    List<RoutingSettings> settings = new ArrayList<>();
    for (String routing : routings) {
      for (int k : ks) {
        card.requireExpertsPerToken(k);
        for (double ratio : capacity.ratios(RATIOS)) {
          settings.add(new RoutingSettings(ratio, k, Routing.ofLabel(routing)));
        }
      }
    }
    return settings;
  }

  private void write(List<SweepRow> rows, ModelCard card, RoutingSettings first)
      throws IOException {
    Table table =
        new Columns<SweepRow>()
            .add("model", SweepRow::model)
            .add("routing", sparse(card, row -> row.point().settings().routing().label()))
            .add("K", sparse(card, row -> row.point().settings().expertsPerToken()))
            .add("ratio", sparse(card, row -> row.point().settings().capacityRatio()))
            .add("effective", sparse(card, row -> Table.decimals(row.effectiveRatio(), 3)))
            .add("accuracy", 4, SweepRow::accuracy)
            .add("minus_dense", 4, SweepRow.ofDifference(Interval::mean))
            .add("low_95", 4, SweepRow.ofDifference(Interval::low))
            .add("high_95", 4, SweepRow.ofDifference(Interval::high))
            .add("ms_per_image", 4, SweepRow::millisPerImage)
            .add("processed", sparse(card, row -> Table.decimals(row.processed(), 4)))
            .table(rows);
    print(table.toText());
    csv.write(table);
    ObjectNode result = Json.object();
    result.put("images", rows.get(0).images());
    result.put("batch", batches.batch());
    ArrayNode all = result.putArray("rows");
    rows.forEach(row -> addJson(all.addObject(), row, card, first));
    json.write(result);
  }

  /** Returns a figure of rows whose model has experts; null for the others. */
  private static Function<SweepRow, @Nullable Object> sparse(
      ModelCard card, Function<SweepRow, Object> figure) {
    return row -> isDense(row, card) ? null : figure.apply(row);
  }

  private static boolean isDense(SweepRow row, ModelCard card) {
    return row.point().isDense() || card.dense();
  }

  /** Writes a row; for the dense twin, ratio, K and routing are those of the first setting. */
  private static void addJson(
      ObjectNode json, SweepRow row, ModelCard card, RoutingSettings first) {
    boolean twin = row.point().isDense();
    RoutingSettings settings = twin ? first : row.point().settings();
    json.put("model", row.model())
        .put("dense", isDense(row, card))
        .put("capacity_ratio", settings.capacityRatio())
        .put("effective_capacity_ratio", twin ? first.capacityRatio() : row.effectiveRatio())
        .put("experts_per_token", settings.expertsPerToken())
        .put("routing", settings.routing().label())
        .put("images", row.images())
        .put("accuracy", row.accuracy())
        .put("millis_per_image", row.millisPerImage())
        .put("processed_share", row.processed())
        .put("minus_dense", SweepRow.ofDifference(Interval::mean).apply(row))
        .put("minus_dense_low", SweepRow.ofDifference(Interval::low).apply(row))
        .put("minus_dense_high", SweepRow.ofDifference(Interval::high).apply(row));
  }
}
