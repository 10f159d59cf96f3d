package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.Routing;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.cli.BesideOption.OpenModels;
import dev.vmoe.lab.sweep.Interval;
import dev.vmoe.lab.sweep.ModelsEvaluation;
import dev.vmoe.lab.sweep.SweepRow;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab evaluate}: accuracy and time of many settings on labelled images. */
@Command(
    name = "evaluate",
    description = {
      "Accuracy and time of a model at many capacity ratios, K and routings on labelled images,"
          + " beside its dense twin and other models; all of them in one run, batch by batch in"
          + " turn. A CSV may say in a column split which part of the set an image belongs to:"
          + " accuracy and the difference from the twin are given for each.",
      "Ratios, unless --ratios names others: 2, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15 and 0.1.",
      "LABELLED is a folder with one sub-folder a class, or a CSV of file,label or a folder with"
          + " it as labels.csv."
    })
final class EvaluateCommand extends StudyCommand {

  private static final List<Double> RATIOS = List.of(2.0, 1.05, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1);

  @Mixin private final CapacityOptions capacity = new CapacityOptions();
  @Mixin private final MoreModelsOption beside = new MoreModelsOption();
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
    capacity.model().runOnOneThread();
    try (BatchClassifier classifier = capacity.model().open();
        BatchClassifier twin = capacity.openTwin();
        OpenModels others = beside.open(capacity, spec)) {
      ModelCard card = classifier.card();
      List<RoutingSettings> settings = settingsOf(card, valid(() -> settings(card)));
      ModelsEvaluation evaluation =
          new ModelsEvaluation(classifier, settings, twin, batches.batch());
      for (BatchClassifier other : others.sessions()) {
        evaluation.add(other, settingsOf(other.card(), settings));
      }
      batches.forEach(card, "evaluated", evaluation::add);
      write(evaluation, card, settings.get(0));
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

  /** Returns the settings that a model can run: of a dense one a single one, as it ignores them. */
  private static List<RoutingSettings> settingsOf(ModelCard model, List<RoutingSettings> settings) {
    return model.dense()
        ? settings.subList(0, 1)
        : settings.stream()
            .filter(point -> point.expertsPerToken() <= model.expertsPerToken())
            .toList();
  }

  private void write(ModelsEvaluation evaluation, ModelCard card, RoutingSettings first)
      throws IOException {
    List<SweepRow> rows = evaluation.rows();
    EvaluationTables tables = new EvaluationTables(evaluation);
    Table table = tables.points();
    print(table.toText());
    print(tables.twinMet());
    csv.write(table);
    ObjectNode result = Json.object();
    result.put("images", rows.get(0).images());
    result.put("batch", batches.batch());
    ArrayNode all = result.putArray("rows");
    rows.forEach(row -> addJson(all.addObject(), row, card, first));
    tables.addTo(result);
    json.write(result);
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
