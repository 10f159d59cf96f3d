package dev.vmoe.lab.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.lab.bench.PriorityStudy;
import dev.vmoe.lab.chart.Columns;
import dev.vmoe.streams.output.Json;
import dev.vmoe.streams.output.Table;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab bench priority}: what priority is worth under pressure. */
@Command(
    name = "priority",
    description = {
      "How much accuracy priority gives to prioritised images at low capacity, and how much the"
          + " others lose. One image in --parts is prioritised; each image has its turn. Routing is"
          + " batch priority routing.",
      "Rows: all images at the reference ratio; all images with their first choices alone (K 1,"
          + " nothing dropped); then at each ratio all images with equal priorities, the"
          + " prioritised ones, and the others. Differences are in accuracy, paired by image, with"
          + " 95 %% intervals (bootstrap)."
    })
final class BenchPriorityCommand extends Benchmark {

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();

  @Option(
      names = "--priority",
      paramLabel = "P",
      defaultValue = "10",
      description = "Priority of the prioritised images; 1 of the others (default: 10).")
  private float priority;

  @Option(
      names = "--parts",
      paramLabel = "N",
      defaultValue = "10",
      description = "One image in N is prioritised (default: ${DEFAULT-VALUE}).")
  private int parts;

  @Option(
      names = "--ratios",
      split = ",",
      paramLabel = "R",
      defaultValue = "0.5,0.35,0.25,0.15,0.1",
      description = "Capacity ratios (default: ${DEFAULT-VALUE}).")
  private List<Double> ratios = List.of();

  @Option(
      names = "--reference",
      paramLabel = "R",
      defaultValue = "1.05",
      description = "Capacity ratio to compare with (default: ${DEFAULT-VALUE}).")
  private double reference;

  @Option(
      names = "--experts-per-token",
      paramLabel = "K",
      description = "Experts each token is sent to (default: the model's training).")
  private @Nullable Integer expertsPerToken;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seed of the bootstrap (default: ${DEFAULT-VALUE}).")
  private long seed;

  private BenchPriorityCommand() {}

  @Override
  void check() {
    batches.check();
  }

  @Override
  BenchmarkResult measure() throws Exception {
    try (BatchClassifier classifier = model.open()) {
      PriorityStudy study = valid(() -> study(classifier));
      batches.forEach(
          classifier.card(), "measured", (images, classes, splits) -> study.add(images, classes));
      return result(study.rows(seed), classifier.card());
    }
  }

  private PriorityStudy study(BatchClassifier classifier) {
    return new PriorityStudy(
        classifier,
        new PriorityStudy.Design(
            expertsPerToken == null ? classifier.card().expertsPerToken() : expertsPerToken,
            reference,
            ratios,
            priority,
            parts));
  }

  private BenchmarkResult result(List<PriorityStudy.GroupRow> rows, ModelCard card) {
    Table table =
        new Columns<PriorityStudy.GroupRow>()
            .add("images", row -> row.group().label())
            .add("K", PriorityStudy.GroupRow::expertsPerToken)
            .add("ratio", PriorityStudy.GroupRow::capacityRatio)
            .add("effective", 3, PriorityStudy.GroupRow::effectiveCapacityRatio)
            .add("accuracy", 4, PriorityStudy.GroupRow::accuracy)
            .add("minus", row -> row.comparedWith() == null ? null : row.comparedWith().label())
            .add("difference", 4, PriorityStudy.GroupRow::difference)
            .add("low_95", 4, PriorityStudy.GroupRow::low)
            .add("high_95", 4, PriorityStudy.GroupRow::high)
            .add("processed", 4, PriorityStudy.GroupRow::processedShare)
            .add("skipped", 4, PriorityStudy.GroupRow::skippedShare)
            .table(rows);
    String text =
        String.format(
            Locale.ROOT,
            "%s, %d images, batches of %d, one in %d with priority %s%n",
            card.name(),
            rows.get(0).images(),
            batches.batch(),
            parts,
            priority);
    ObjectNode result = Json.object();
    result
        .put("model", card.name())
        .put("weights_hash", card.weightsHash())
        .put("images", rows.get(0).images())
        .put("batch", batches.batch())
        .put("priority", priority)
        .put("parts", parts)
        .put("seed", seed);
    result.set("rows", Json.tree(rows));
    return new BenchmarkResult(text + table.toText(), table, result);
  }
}
