package dev.vmoe.lab.cli;

import dev.vmoe.app.cli.ModelOptions;
import dev.vmoe.app.cli.RoutingOptions;
import dev.vmoe.core.inference.BatchClassifier;
import dev.vmoe.core.moe.ModelCard;
import dev.vmoe.core.moe.RoutingSettings;
import dev.vmoe.lab.routing.RoutingRows;
import dev.vmoe.lab.routing.RoutingTable;
import dev.vmoe.lab.routing.RoutingTally;
import dev.vmoe.streams.output.OutputFiles;
import dev.vmoe.streams.output.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code vmoe lab routing-map}: which experts the images of which class go to. */
@Command(
    name = "routing-map",
    description = {
      "How much routing weight labelled images of each class give to each expert of every MoE"
          + " layer, and the mutual information between expert and class, in bits.",
      "LABELLED is a folder with one sub-folder a class, or a CSV of file,label or a folder with"
          + " it as labels.csv.",
      "Written to DIR: routing-map.csv (a row a layer, class and expert)"
          + " and routing-map-layers.csv (a row a layer). Where the model has groups of classes,"
          + " such as scripts, also routing-map-groups.csv and routing-map-groups-layers.csv."
          + " src/lab/plot.py draws the map of them."
    })
final class RoutingMapCommand extends StudyCommand {

  @Mixin private final ModelOptions model = new ModelOptions();
  @Mixin private final RoutingOptions routing = new RoutingOptions();
  @Mixin private final BatchOptions batches = new BatchOptions();

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "target/routing-map",
      description = "Folder for the files (default: ${DEFAULT-VALUE}).")
  private Path out = Path.of("");

  private RoutingMapCommand() {}

  @Override
  public Integer call() throws Exception {
    batches.check();
    try (BatchClassifier classifier = model.open()) {
      ModelCard card = classifier.card();
      if (card.dense()) {
        throw usage(card.name() + " has no experts: there is no routing to count");
      }
      RoutingSettings settings = routing.settings(card);
      RoutingTally tally = new RoutingTally(card);
      batches.forEach(
          card,
          "routed",
          (buffer, classes, splits) ->
              tally.add(classifier.classify(buffer, classes.length, settings), classes));
      write(tally.table(), card.groupsByClass());
    }
    return 0;
  }

  private void write(RoutingTable table, Map<String, String> groups) throws IOException {
    write(table, "class", "routing-map");
    if (!groups.isEmpty()) {
      write(table.grouped(groups), "group of classes", "routing-map-groups");
    }
  }

  /** Writes a table, and prints what each layer tells of its rows. */
  private void write(RoutingTable table, String row, String file) throws IOException {
    Table byLayer = RoutingRows.byLayer(table);
    OutputFiles.write(out.resolve(file + ".csv"), RoutingRows.cells(table).toCsv());
    OutputFiles.write(out.resolve(file + "-layers.csv"), byLayer.toCsv());
    out()
        .printf(
            "mutual information between the expert of a kept choice and the image's %s, in bits:%n",
            row);
    out().print(byLayer.toText());
  }
}
